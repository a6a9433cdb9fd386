//go:build e2e

package stack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/compose"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// fetch gets JSON from a server of the stack's.
func fetch(t *testing.T, address string, into any) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", address, response.Status, body)
	}
	return json.Unmarshal(body, into)
}

// sample is one series of an instant query.
type sample struct {
	Labels map[string]string
	Value  float64
}

// query asks Prometheus.
func query(t *testing.T, p *compose.Project, expr string) ([]sample, error) {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := fetch(t, p.Local("NATTER_PROMETHEUS_PORT")+"/api/v1/query?query="+url.QueryEscape(expr), &answer); err != nil {
		return nil, err
	}
	var all []sample
	for _, r := range answer.Data.Result {
		text, _ := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, sample{r.Metric, value})
	}
	return all, nil
}

// comes waits until an expression that compares has a result.
func comes(t *testing.T, p *compose.Project, expr string) {
	t.Helper()
	natstest.Eventually(t, 2*time.Minute, expr, func() bool {
		all, err := query(t, p, expr)
		return err == nil && len(all) > 0
	})
}

// values of an expression, by instance.
func values(t *testing.T, p *compose.Project, expr string) map[string]float64 {
	t.Helper()
	all, err := query(t, p, expr)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]float64{}
	for _, s := range all {
		by[s.Labels["instance"]] = s.Value
	}
	return by
}
