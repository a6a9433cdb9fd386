// Command protoc-gen-reference writes the reference of the client protocol: a
// plugin of buf and protoc, which give it the schema with its comments.
package main

import (
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/natter-chat/natter/proto/reference"
)

func main() {
	protogen.Options{}.Run(func(plugin *protogen.Plugin) error {
		plugin.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL)
		out := plugin.NewGeneratedFile("natter/client/v1/README.md", "")
		return reference.Write(out, plugin.Files)
	})
}
