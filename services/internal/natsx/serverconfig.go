package natsx

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"text/template"

	"github.com/natter-chat/natter/proto/subject"
)

// MaxPayload is the greatest message in bytes that natter's servers take.
const MaxPayload = 1 << 20

// ServerOptions describe one nats-server of natter's.
type ServerOptions struct {
	// Name of the server, unique in its cluster. Needed.
	Name string
	// Listen is the client address, "host:port". Empty: the server's default.
	Listen string
	// StoreDir is where JetStream keeps its files. Needed.
	StoreDir string
	// SyncAlways makes the server sync to disk before it acknowledges.
	SyncAlways bool
	// MaxStore bounds what JetStream may keep, in bytes. Needed.
	MaxStore int64
	// Keys of the services; of each only Public is rendered. A service
	// without a key cannot connect.
	Keys Keys
	// TLS is what clients connect with, and then nothing else will do. Nil: none.
	TLS *ServerTLS
	// Cluster joins the server with others. Nil: it stands alone.
	Cluster *Cluster
}

// ServerTLS names PEM files, where the server finds them.
type ServerTLS struct {
	// Cert and Key of the server's certificate.
	Cert, Key string
	// CA, if set, must have signed the clients'.
	CA string
}

// Cluster is how one server finds the others.
type Cluster struct {
	// Name is the same on every server of the cluster.
	Name string
	// Listen is the address for the other servers, "host:port". Nobody else
	// may reach it: a server that joins is trusted with everything.
	Listen string
	// Secret, if set, is what a server that joins must know; of letters and
	// digits, the same on every server.
	Secret string
	// Routes are the other servers' cluster addresses, "nats://host:port".
	Routes []string
}

func (o ServerOptions) validate() error {
	switch {
	case o.Name == "":
		return errors.New("natsx: server options: Name is empty")
	case o.StoreDir == "":
		return errors.New("natsx: server options: StoreDir is empty")
	case o.MaxStore <= 0:
		return errors.New("natsx: server options: MaxStore must be above 0 bytes")
	case len(o.Keys) == 0:
		return errors.New("natsx: server options: Keys are empty, so nobody could connect")
	}
	if o.TLS != nil && (o.TLS.Cert == "" || o.TLS.Key == "") {
		return errors.New("natsx: server options: TLS needs a certificate and its key")
	}
	if o.Listen == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(o.Listen)
	if _, notNumber := strconv.Atoi(port); err != nil || notNumber != nil {
		return fmt.Errorf("natsx: server options: the address %q is not of the form host:port", o.Listen)
	}
	return nil
}

// ServerConfig renders a nats-server configuration file: one account with a
// user per service and that service's [Permissions], JetStream, and the one
// system question that history may ask ([subject.StorageInfo]).
func ServerConfig(w io.Writer, o ServerOptions) error {
	if err := o.validate(); err != nil {
		return err
	}
	return render(w, serverTemplate+accountsTemplate, o)
}

// AccountsConfig renders only who may come in, and what they may: for servers
// whose other settings are made by others, such as a Helm chart.
func AccountsConfig(w io.Writer, keys Keys) error {
	if len(keys) == 0 {
		return errors.New("natsx: accounts: Keys are empty, so nobody could connect")
	}
	return render(w, "# Rendered by natter from its table of rights.\n"+accountsTemplate, ServerOptions{Keys: keys})
}

func render(w io.Writer, text string, o ServerOptions) error {
	view := serverView{ServerOptions: o, MaxPayload: MaxPayload, StorageInfo: subject.StorageInfo}
	for _, service := range append(Services(), Operator) {
		if key, ok := o.Keys[service]; ok {
			view.Users = append(view.Users, userView{Service: service, Public: key.Public, Rights: Permissions(service)})
		}
	}
	t, err := template.New("nats-server").Funcs(template.FuncMap{"quote": quote}).Parse(text)
	if err != nil {
		return fmt.Errorf("natsx: server configuration: %w", err)
	}
	if err := t.Execute(w, view); err != nil {
		return fmt.Errorf("natsx: server configuration: %w", err)
	}
	return nil
}

type serverView struct {
	ServerOptions
	MaxPayload  int
	StorageInfo string
	Users       []userView
}

// Route is a route with what the server there asks for.
func (v serverView) Route(address string) string {
	if v.Cluster.Secret == "" {
		return address
	}
	return strings.Replace(address, "://", "://natter:"+v.Cluster.Secret+"@", 1)
}

type userView struct {
	Service string
	Public  string
	Rights  Rights
}

var quoteEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`)

// quote writes a string so that the server's parser takes it literally: a
// bare $ would be a variable.
func quote(s string) string { return `"` + quoteEscapes.Replace(s) + `"` }

const serverTemplate = `# Rendered by natter from its table of rights.
server_name: {{quote .Name}}
{{- if .Listen}}
listen: {{quote .Listen}}
{{- end}}
max_payload: {{.MaxPayload}}
{{- with .TLS}}

tls {
  cert_file: {{quote .Cert}}
  key_file: {{quote .Key}}
{{- if .CA}}
  ca_file: {{quote .CA}}
  verify: true
{{- end}}
}
{{- end}}

jetstream {
  store_dir: {{quote .StoreDir}}
  max_file_store: {{.MaxStore}}
{{- if .SyncAlways}}
  sync_interval: always
{{- end}}
}
{{- with .Cluster}}

cluster {
  name: {{quote .Name}}
  listen: {{quote .Listen}}
{{- if .Secret}}
  authorization { user: natter, password: {{quote .Secret}}, timeout: 2 }
{{- end}}
  routes: [
{{- range .Routes}}
    {{quote ($.Route .)}}
{{- end}}
  ]
}
{{- end}}

`

// Account is the one of all services, in accountsTemplate.
const Account = "CHAT"

const accountsTemplate = `system_account: SYS
accounts {
  SYS {
    # How JetStream is set up, and nothing else, may be asked from outside.
    exports: [
      { service: "$SYS.REQ.SERVER.PING.JSZ", response_type: stream, accounts: [CHAT] }
    ]
  }
  CHAT {
    jetstream: enabled
    imports: [
      { service: { account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ" }, to: {{quote .StorageInfo}} }
    ]
    users: [
{{- range .Users}}
      # {{.Service}}
      {
        nkey: {{.Public}}
        permissions: {
          publish: [
{{- range .Rights.Publish}}
            {{quote .}}
{{- end}}
          ]
          subscribe: [
{{- range .Rights.Subscribe}}
            {{quote .}}
{{- end}}
          ]
        }
      }
{{- end}}
    ]
  }
}
`
