package figures

import (
	"fmt"
	"math"
	"strings"
)

// panel is one of the plot's diagrams: how a figure grows with one part of the
// configuration, both on logarithmic axes.
type panel struct {
	title  string
	by     string            // what the horizontal axis has
	axis   string            // how that is called
	xs     []string          // its values, numbers
	fixed  map[string]string // the rest of the configuration
	unit   string            // without the service
	called string            // what the vertical axis has
	low    float64           // the powers of ten where it begins and ends
	high   float64
}

// Measures of a panel, in pixels: its own, and of what is around its diagram.
const (
	panelWidth, panelHeight  = 400.0, 290.0
	left, right, top, bottom = 62.0, 22.0, 34.0, 46.0
)

// draw draws it, its upper left corner at x, y.
func (p panel) draw(b *strings.Builder, r *Results, x, y float64) {
	fmt.Fprintf(b, "<g transform=\"translate(%g,%g)\">\n", x, y)
	fmt.Fprintf(b, "<text class=\"title\" x=\"%g\" y=\"16\">%s</text>\n", left, p.title)
	for power := p.low; power <= p.high; power++ {
		at := p.down(math.Pow(10, power))
		fmt.Fprintf(b, "<line class=\"grid\" x1=\"%g\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\"/>\n", left, panelWidth-right, at, at)
		fmt.Fprintf(b, "<text class=\"tick\" x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", left-7, at+4, tick(power))
	}
	for _, value := range p.xs {
		fmt.Fprintf(b, "<text class=\"tick\" x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%s</text>\n", p.along(value), panelHeight-bottom+17, value)
	}
	fmt.Fprintf(b, "<text class=\"axis\" x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%s</text>\n", (left+panelWidth-right)/2, panelHeight-bottom+36, p.axis)
	fmt.Fprintf(b, "<text class=\"axis\" transform=\"translate(14,%.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n", (top+panelHeight-bottom)/2, p.called)
	for _, service := range services {
		p.line(b, r, service)
	}
	fmt.Fprintln(b, "</g>")
}

// line is one service: medians, joined, with a stroke from the least to the
// most of the runs. What was too little to be measured is left out.
func (p panel) line(b *strings.Builder, r *Results, service string) {
	var path, marks strings.Builder
	join := "M"
	for _, value := range p.xs {
		of := map[string]string{p.by: value}
		for key, fixed := range p.fixed {
			of[key] = fixed
		}
		c := r.find("Split", of)
		if c == nil {
			join = "M"
			continue
		}
		floor := math.Pow(10, p.low)
		least, median, most := c.Spread(service + "-" + p.unit)
		if median < floor {
			join = "M"
			continue
		}
		x, y := p.along(value), p.down(median)
		fmt.Fprintf(&path, "%s%.1f %.1f", join, x, y)
		join = "L"
		fmt.Fprintf(&marks, "<path class=\"spread\" d=\"M%.1f %.1fV%.1f\"/>", x, p.down(max(least, floor)), p.down(most))
		fmt.Fprintf(&marks, "<path class=\"mark\" transform=\"translate(%.1f,%.1f)\" d=\"%s\"><title>%s: %s µs</title></path>\n", x, y, shapes[service], called(service), figure(median))
	}
	fmt.Fprintf(b, "<g class=\"%s\"><path class=\"line\" d=\"%s\"/>\n%s</g>\n", service, path.String(), marks.String())
}

// along is where a value lies on the horizontal axis.
func (p panel) along(value string) float64 {
	at := func(s string) float64 {
		var v float64
		fmt.Sscan(s, &v)
		return math.Log(v)
	}
	first, last := at(p.xs[0]), at(p.xs[len(p.xs)-1])
	const inset = 18
	return left + inset + (at(value)-first)/(last-first)*(panelWidth-left-right-2*inset)
}

// down is where a value lies on the vertical axis.
func (p panel) down(value float64) float64 {
	share := (math.Log10(value) - p.low) / (p.high - p.low)
	return panelHeight - bottom - share*(panelHeight-top-bottom)
}

func tick(power float64) string {
	if power >= 4 {
		return fmt.Sprintf("%.0f,000", math.Pow(10, power-3))
	}
	return fmt.Sprintf("%g", math.Pow(10, power))
}

// shapes of the marks, so that colours are not all that tells services apart.
var shapes = map[string]string{
	"gateway":  "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
	"history":  "M-3.6-3.6h7.2v7.2h-7.2z",
	"nats":     "M0-4.6L4.4 3.4H-4.4z",
	"presence": "M0-4.8L4.4 0L0 4.8L-4.4 0z",
}

func called(service string) string {
	if service == "nats" {
		return "NATS"
	}
	return service
}
