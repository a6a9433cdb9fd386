package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Headers of a delivery.
const (
	// HeaderSignature is "t=<Unix seconds>,v1=<hex>", with a second v1 while a
	// secret is replaced.
	HeaderSignature = "Natter-Signature"
	// HeaderWebhook is the webhook's id.
	HeaderWebhook = "Natter-Webhook"
	// HeaderDelivery is the delivery's id, the same on every attempt.
	HeaderDelivery = "Natter-Delivery"
	// HeaderAttempt is 1, 2, 3 ...
	HeaderAttempt = "Natter-Attempt"
)

// Sign is the signature header of a body that is sent at a time, by all
// secrets in force: v1 is the HMAC-SHA256 of "<t>.<body>".
func Sign(secrets []string, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	var header strings.Builder
	header.WriteString("t=" + t)
	for _, secret := range secrets {
		header.WriteString(",v1=" + hex.EncodeToString(sum(secret, t, body)))
	}
	return header.String()
}

func sum(secret, t string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return mac.Sum(nil)
}
