# What a newcomer needs: make run, make test. `make help` lists the rest.
# Everything but e2e needs only Go and make; the tools are pinned in .tools/go.mod.

MODULES := proto $(addprefix services/,internal gateway presence history standalone natterctl e2e)
TOOLS   := $(CURDIR)/.tools/bin
BIN     := $(CURDIR)/bin
GO      ?= go
RACE    ?=
# The commit that proto must not break: the one before the last, or the last
# one where there are changes on top of it.
AGAINST ?= $(shell git rev-parse -q --verify HEAD~1 2>/dev/null)

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-12s %s\n", $$1, $$2}'

run: ## build, start everything in one process, print the page's address
	@mkdir -p $(BIN)
	@# Without debugging information a first build is a sixth faster.
	@$(GO) build -ldflags='-s -w' -gcflags=all=-dwarf=false -o $(BIN)/natter ./services/standalone/cmd/natter
	@exec $(BIN)/natter

build: ## build every program into bin/
	@mkdir -p $(BIN)
	$(GO) build -o $(BIN)/ ./services/gateway/cmd/gateway ./services/presence/cmd/presence ./services/history/cmd/history ./services/standalone/cmd/natter ./services/natterctl/cmd/natterctl

test: ## all tests that need nothing but Go (RACE=-race for the race detector)
	$(GO) test $(RACE) $(addsuffix /...,$(addprefix ./,$(MODULES)))

e2e: ## browser, and real processes: needs Chromium
	$(GO) test $(RACE) -count=1 -timeout 20m -tags e2e ./services/e2e/...

bench: ## benchmarks of every module, and of the whole program
	$(GO) test -run '^$$' -bench . -benchtime $(or $(BENCHTIME),1s) -benchmem $(addsuffix /...,$(addprefix ./,$(MODULES)))

fuzz: ## each fuzz test for FUZZTIME (10s)
	.ci/fuzz $(or $(FUZZTIME),10s)

lint: $(TOOLS)/buf $(TOOLS)/staticcheck ## format, vet, staticcheck, protobuf rules
	@test -z "$$(gofmt -l $(MODULES))" || { echo "not gofmt'ed:"; gofmt -l $(MODULES); exit 1; }
	$(GO) vet $(addsuffix /...,$(addprefix ./,$(MODULES)))
	$(GO) vet -tags e2e ./services/e2e/...
	$(TOOLS)/staticcheck $(addsuffix /...,$(addprefix ./,$(MODULES)))
	cd proto && $(TOOLS)/buf lint
	@if [ -n "$(AGAINST)" ] && git cat-file -e $(AGAINST):proto/buf.yaml 2>/dev/null; then \
	  echo "buf breaking against $(AGAINST)"; cd proto && $(TOOLS)/buf breaking --against '../.git#ref=$(AGAINST),subdir=proto'; \
	fi

alone: ## build every module by itself, outside of the workspace
	@for m in $(MODULES); do echo "GOWORK=off $$m"; (cd $$m && GOWORK=off $(GO) build ./... && GOWORK=off $(GO) vet ./...) || exit 1; done

proto: $(TOOLS)/buf $(TOOLS)/protoc-gen-go $(TOOLS)/protoc-gen-go-grpc ## generate Go from the schemas
	cd proto && $(TOOLS)/buf generate

generated: proto ## fail if generating changes anything
	@git diff --exit-code --stat -- proto || { echo "run 'make proto' and commit what it wrote"; exit 1; }

tidy: ## go mod tidy in every module
	@for m in $(MODULES) .tools; do (cd $$m && GOWORK=off $(GO) mod tidy) || exit 1; done

$(TOOLS)/buf: TOOL = github.com/bufbuild/buf/cmd/buf
$(TOOLS)/staticcheck: TOOL = honnef.co/go/tools/cmd/staticcheck
$(TOOLS)/protoc-gen-go: TOOL = google.golang.org/protobuf/cmd/protoc-gen-go
$(TOOLS)/protoc-gen-go-grpc: TOOL = google.golang.org/grpc/cmd/protoc-gen-go-grpc
$(TOOLS)/%: .tools/go.mod
	cd .tools && GOWORK=off GOBIN=$(TOOLS) $(GO) install $(TOOL)

.PHONY: help run build test e2e bench fuzz lint alone proto generated tidy
