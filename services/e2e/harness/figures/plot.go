package figures

import (
	"fmt"
	"strings"
)

// style has colours for a light page and for a dark one. The ground is painted,
// since who shows the plot may have chosen otherwise than the reader's system.
const style = `<style>
svg{font:12px system-ui,sans-serif}
.ground{fill:#fff}text{fill:#3d4654}.title{font-weight:600;font-size:13px;fill:#1b222c}
.grid{stroke:#e3e7ec}.line{fill:none;stroke-width:2}.spread{fill:none;stroke-width:1.5;opacity:.55}.mark{stroke:#fff;stroke-width:1}
.gateway{--c:#1f66d0}.history{--c:#c1560b}.nats{--c:#157347}.presence{--c:#8145c9}
.line,.spread{stroke:var(--c)}.mark{fill:var(--c)}
@media (prefers-color-scheme:dark){
.ground{fill:#12171e}text{fill:#b4bdc9}.title{fill:#e8edf3}.grid{stroke:#2a323d}.mark{stroke:#12171e}
.gateway{--c:#6aa6ff}.history{--c:#f28b3b}.nats{--c:#45c07d}.presence{--c:#bd93f7}}
</style>
`

// Plot is the growth of the costs as an SVG.
func (r *Results) Plot() string {
	const perSend, perDelivery = "CPU per send, µs", "CPU per delivery, µs"
	tens := []string{"10", "100", "1000"}
	panels := []panel{
		{"Members: 1 room, 4 in flight, 2 gateways", "members", "members of the room", tens, of("2", "1", "", "inflight-4"), "µs/send", perSend, 1, 4},
		{"The same for each delivery", "members", "members of the room", tens, of("2", "1", "", "inflight-4"), "µs/delivery", perDelivery, -1, 2},
		{"Rooms of 10: 4 in flight each, 2 gateways", "rooms", "rooms", []string{"1", "10", "100"}, of("2", "", "10", "inflight-4"), "µs/send", perSend, 1, 4},
		{"Gateways: 100 rooms of 10, 200 sends/s", "gateways", "gateways", []string{"1", "2", "4"}, of("", "100", "10", "200-a-second"), "µs/send", perSend, 1, 4},
	}
	const head = 40.0
	width, height := 2*panelWidth, head+2*panelHeight
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\" role=\"img\" aria-label=\"CPU of each service for each send and delivery, by members, rooms and gateways; the table has the numbers\">\n", width, height, width, height)
	b.WriteString(style)
	fmt.Fprintf(&b, "<rect class=\"ground\" width=\"%g\" height=\"%g\"/>\n", width, height)
	for i, service := range services {
		name := called(service)
		if service == "presence" {
			name += ", where there was enough of it to be drawn"
		}
		x := left + 110*float64(i)
		fmt.Fprintf(&b, "<g class=\"%s\" transform=\"translate(%g,20)\"><path class=\"line\" d=\"M0 0H24\"/><path class=\"mark\" transform=\"translate(12,0)\" d=\"%s\"/><text x=\"30\" y=\"4\">%s</text></g>\n", service, x, shapes[service], name)
	}
	for i, p := range panels {
		p.draw(&b, r, panelWidth*float64(i%2), head+panelHeight*float64(i/2))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// of is a configuration; what is empty may be any.
func of(gateways, rooms, members, load string) map[string]string {
	all := map[string]string{}
	for key, value := range map[string]string{"gateways": gateways, "rooms": rooms, "members": members, "load": load} {
		if value != "" {
			all[key] = value
		}
	}
	return all
}
