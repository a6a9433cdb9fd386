package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	// fetchTimeout bounds one look at a JWKS.
	fetchTimeout = 5 * time.Second
	// maxKeys is the most bytes of a JWKS.
	maxKeys = 1 << 20
	// maxRedirects that a URL may take.
	maxRedirects = 3
)

// keySource is where a JWKS is read: a file or a URL.
type keySource struct {
	where  string
	client *http.Client // nil: a file
}

// newKeySource refuses what can never be read.
func newKeySource(where string) (keySource, error) {
	if !strings.Contains(where, "://") {
		return keySource{where: where}, nil
	}
	u, err := url.Parse(where)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return keySource{}, errors.New("NATTER_JWKS: it is neither a file nor an http or https URL")
	}
	return keySource{where: where, client: &http.Client{Timeout: fetchTimeout, CheckRedirect: redirect}}, nil
}

// redirect keeps a URL that was safe from leading to one that is not.
func redirect(to *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || via[0].URL.Scheme == "https" && to.URL.Scheme != "https" {
		return errors.New("it redirects too often, or from https to http")
	}
	return nil
}

func (s keySource) read(ctx context.Context) ([]byte, error) {
	if s.client == nil {
		file, err := os.Open(s.where)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return bounded(file)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.where, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", response.Status)
	}
	return bounded(response.Body)
}

func bounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxKeys+1))
	if err == nil && len(data) > maxKeys {
		err = errors.New("it is larger than 1 MiB")
	}
	return data, err
}
