package command

import (
	"fmt"
	"os"
	"strings"
)

// Secret is one that was given, or the content of the file that was; empty if
// neither. what names it, and by are its flags and variables.
func Secret(value, file, what, by string) (string, error) {
	if value != "" && file != "" {
		return "", fmt.Errorf("both %s and a file with one are set (%s); one is enough", what, by)
	}
	if file == "" {
		return value, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("the %s's file: %w", strings.TrimPrefix(strings.TrimPrefix(what, "an "), "a "), err)
	}
	return strings.TrimSpace(string(content)), nil
}
