// Command bare is the server of package bare: bare ADDR MODE.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/natter-chat/natter/services/e2e/harness/bare"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bare ADDR direct|coalesced")
		os.Exit(2)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("GET /v1/ws", &bare.Server{Mode: bare.Mode(os.Args[2])})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Args[1], mux))
	os.Exit(1)
}
