// Package config reads the settings of a program: flags, each with an
// environment variable, the flag before the variable before the default.
//
// A service describes its settings as a struct with kong's tags (name, env,
// help, default, enum) and embeds those that are the same everywhere:
//
//	type Config struct {
//		config.GRPCListen
//		config.OpsListen
//		config.NATS
//		config.Secrets
//		config.Log
//
//		Partitions int `name:"partitions" env:"NATTER_PARTITIONS" help:"Number of partitions." default:"4"`
//	}
//
//	func program(ctx context.Context, args []string) error {
//		var cfg Config
//		handled, err := config.Parse("history", "Keeps natter's rooms.", &cfg, args, os.Stdout, nil)
//		if handled || err != nil {
//			return err
//		}
//		...
//	}
//
// The embedded ones are told apart by their type: cfg.GRPCListen.Addr,
// cfg.OpsListen.Addr. A field with the tag secret:"true" may also come from
// the file that the variable with _FILE added names, and --print-config
// tells of it only whether it is set; of one with secret:"url" it shows all but
// the password.
package config
