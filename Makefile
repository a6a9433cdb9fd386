# What a newcomer needs: make run, make test. `make help` lists the rest.
# Everything but e2e and the compose stack needs only Go and make; the tools are pinned in .tools/go.mod.

MODULES := proto $(addprefix services/,internal gateway presence history standalone natterctl e2e)
TOOLS   := $(CURDIR)/.tools/bin
BIN     := $(CURDIR)/bin
GO      ?= go
# What runs the tests; .ci/test runs a failed one once more, and names it.
GOTEST  ?= $(GO) test
RACE    ?=
# What the tests of the page need from npm.
WEBTEST := services/gateway/web/test/node_modules
# The files of the compose stack, parted by colons, such as
# STACK=deploy/compose.yaml:deploy/compose.cluster.yaml
STACK   ?= deploy/compose.yaml
# The room that the compose stack has from the start; none, to restore a backup.
ROOM    ?= lobby
COMPOSE := COMPOSE_FILE=$(STACK) docker compose
# What bench-keep adds to.
RESULTS ?= services/e2e/results/$(shell date -u +%F)-$(shell git rev-parse --short=12 HEAD 2>/dev/null).txt
# The commit that proto must not break: the one before the last, or the last
# one where there are changes on top of it.
AGAINST ?= $(shell git rev-parse -q --verify HEAD~1 2>/dev/null)

# The tests of a directory that only the tag e2e lets in, as a pattern.
tagged   = $$(grep -lE '^//go:build (.*&& )?e2e' $(1)/*_test.go | xargs grep -hoE '^func Test\w+' | sed 's/func \(.*\)/^\1$$/' | paste -sd'|')

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-14s %s\n", $$1, $$2}'

run: ## build, start everything in one process, print the page's address
	@mkdir -p $(BIN)
	@# Without debugging information a first build is a sixth faster.
	@$(GO) build -ldflags='-s -w' -gcflags=all=-dwarf=false -o $(BIN)/natter ./services/standalone/cmd/natter
	@exec $(BIN)/natter

build: ## build every program into bin/
	@mkdir -p $(BIN)
	$(GO) build -o $(BIN)/ ./services/gateway/cmd/gateway ./services/presence/cmd/presence ./services/history/cmd/history ./services/standalone/cmd/natter ./services/natterctl/cmd/natterctl

test: ## all tests that need nothing but Go (RACE=-race for the race detector)
	$(GOTEST) $(RACE) -timeout 30m $(addsuffix /...,$(addprefix ./,$(MODULES)))

sdk: $(WEBTEST) ## tests of the page's modules and the SDK, and their types: needs Node
	node --test services/gateway/web/test/

$(WEBTEST): services/gateway/web/test/package-lock.json
	npm ci --no-audit --no-fund --prefix services/gateway/web/test
	@touch $@

e2e: $(WEBTEST) ## browser, PostgreSQL, real processes, clients of others: needs Chromium, PostgreSQL, Node, Python's websockets
	$(GOTEST) $(RACE) -count=1 -timeout 30m -tags e2e ./services/e2e/chaos ./services/e2e/harness/... ./services/history/store/postgres ./services/internal/pgtest
	@# Of these packages' tests those that make test leaves out, and one that has more to do here.
	$(GOTEST) $(RACE) -count=1 -timeout 30m -tags e2e -run "$(call tagged,services/e2e)|^TestCrash$$" ./services/e2e
	$(GOTEST) $(RACE) -count=1 -timeout 30m -tags e2e -run "$(call tagged,services/history)" ./services/history

e2e-stack: ## the compose stack: started, looked at, scaled, broken, replaced; needs Docker and Chromium, builds the images
	$(GO) test -count=1 -timeout 40m -tags e2e -v ./services/e2e/stack

e2e-stack-short: ## from nothing to a chat in the browser, the black-box tests, images, alerts, one scale: a part of e2e-stack
	NATTER_STACK=short $(GO) test -count=1 -timeout 15m -tags e2e -v ./services/e2e/stack

e2e-stack-long: ## every fault of every container, on one stack and on a cluster; an hour
	NATTER_STACK=long $(GO) test -count=1 -timeout 90m -tags e2e -v ./services/e2e/stack

up: secrets ## the compose stack, built from here: http://localhost:8080; with ROOM= without a room, for a restore
	$(COMPOSE) up -d --build --wait
	@$(if $(ROOM),$(COMPOSE) run --rm natterctl rooms create --id $(ROOM) --if-missing $(if $(filter lobby,$(ROOM)),Lobby,$(ROOM)) >/dev/null)
	@$(COMPOSE) ps --format 'table {{.Service}}\t{{.Status}}\t{{.Ports}}'

secrets: ## make the stack's secrets that are missing, in deploy/secrets
	$(COMPOSE) build secrets
	$(COMPOSE) run --rm --user "$$(id -u):$$(id -g)" secrets

scale: ## run so many of each: make scale GATEWAYS=3 HISTORIES=2 PRESENCES=2
	$(COMPOSE) up -d --no-recreate --wait --scale gateway=$(or $(GATEWAYS),1) --scale history=$(or $(HISTORIES),1) --scale presence=$(or $(PRESENCES),1)

roll: ## build, and replace gateway, history and presence, one container at a time
	$(COMPOSE) build
	COMPOSE_FILE=$(subst deploy/,,$(STACK)) deploy/roll history presence gateway

down: ## stop the compose stack; its data stays
	$(COMPOSE) --profile '*' down

chaos: ## break natter while people talk, and check what they saw: NATTER_CHAOS_FOR=45s NATTER_CHAOS_SEED=1; with TAGS=chaos,e2e also on PostgreSQL
	$(GO) test $(RACE) -count=1 -timeout 120m -v -tags $(or $(TAGS),chaos) ./services/e2e/chaos/... ./services/e2e/harness/clock

restarts: ## 300 restarts of gateways, and 30 s without a network, under load; a webhook's receiver that is down for a minute
	NATTER_E2E_RESTARTS=300 NATTER_E2E_OUTAGE=30s NATTER_E2E_HOOK_DOWN=1m $(GO) test $(RACE) -count=1 -timeout 60m -run 'TestRollingRestarts|TestNetworkFaults|TestAWebhookOutlivesItsReceiver' ./services/e2e/

power: ## lose the power under load, 5 times in each shape (NATTER_E2E_POWERLOSSES), and fill the disk: needs Linux, root, loop devices, xfsprogs, PostgreSQL
	$(GOTEST) -count=1 -timeout 60m -tags 'e2e power' -run 'TestPowerLoss|TestLose|TestFullDisk' ./services/e2e ./services/e2e/chaos ./services/e2e/harness/disk

bench: ## benchmarks of every module, and of the whole program
	$(GO) test -run '^$$' -bench . -benchtime $(or $(BENCHTIME),1s) -benchmem -timeout 30m $(addsuffix /...,$(addprefix ./,$(MODULES)))

bench-keep: ## the benchmarks of the split shape, COUNT (6) times with fresh processes, kept with date and commit in services/e2e/results/
	@mkdir -p services/e2e/results
	@for n in $$(seq $(or $(COUNT),6)); do \
	  { echo "commit: $$(git describe --always --abbrev=12 --exclude='*' --dirty)"; \
	    echo "services: $$(git log -1 --format=%h --abbrev=12 -- proto services/gateway services/history services/presence services/internal)"; \
	    echo "date: $$(date -u +%FT%TZ)"; \
	    if [ -r /proc/loadavg ]; then echo "load: $$(cut -d' ' -f1 /proc/loadavg)"; fi; \
	    $(GO) test -run '^$$' -bench '^BenchmarkSplit' -timeout 30m ./services/e2e/; } >> $(RESULTS) || { tail -n 50 $(RESULTS); exit 1; }; \
	done
	@echo $(RESULTS)

bench-figures: ## put a file of bench-keep into services/e2e/RESULTS.md, and draw its plot: RESULTS=services/e2e/results/FILE
	$(GO) run ./services/e2e/harness/figures/cmd/figures services/e2e $(patsubst services/e2e/%,%,$(RESULTS))

bench-compare: $(TOOLS)/benchstat ## hold two files of bench-keep against each other: OLD=file NEW=file
	@$(TOOLS)/benchstat -ignore commit,services,date,load -filter '.unit:(/µs\/(send|arrival|ping|publish)$$/)' $(OLD) $(NEW)

bench-million: ## both stores with a million messages: needs PostgreSQL, and up to half an hour
	$(GO) test -run '^$$' -bench Many -benchtime 1s -timeout 60m -tags 'e2e long' ./services/history/store/sqlite ./services/history/store/postgres

fuzz: ## each fuzz test for FUZZTIME (10s)
	.ci/fuzz $(or $(FUZZTIME),10s)

fuzz-night: ## each fuzz test for a night's length: 10 min, what faces the internet for 30
	.ci/fuzz $(or $(FUZZTIME),10m) $(or $(FUZZLONG),30m)

vuln: $(TOOLS)/govulncheck ## known vulnerabilities in what is built; fails where their database is out of reach, which is no pass
	.ci/vuln $(MODULES)

lint: $(TOOLS)/buf $(TOOLS)/staticcheck ## format, vet, staticcheck, protobuf rules
	@test -z "$$(gofmt -l $(MODULES))" || { echo "not gofmt'ed:"; gofmt -l $(MODULES); exit 1; }
	$(GO) vet $(addsuffix /...,$(addprefix ./,$(MODULES)))
	$(GO) vet -tags e2e ./services/e2e/... ./services/history/... ./services/internal/pgtest/
	$(GO) vet -tags chaos,e2e ./services/e2e/chaos/... ./services/e2e/harness/...
	$(GO) vet -tags e2e,power ./services/e2e ./services/e2e/chaos ./services/e2e/harness/disk
	$(TOOLS)/staticcheck $(addsuffix /...,$(addprefix ./,$(MODULES)))
	cd proto && $(TOOLS)/buf lint
	@if [ -n "$(AGAINST)" ] && git cat-file -e $(AGAINST):proto/buf.yaml 2>/dev/null; then \
	  echo "buf breaking against $(AGAINST)"; cd proto && $(TOOLS)/buf breaking --against '../.git#ref=$(AGAINST),subdir=proto'; \
	fi

alone: ## build every module by itself, outside of the workspace
	@for m in $(MODULES); do echo "GOWORK=off $$m"; (cd $$m && GOWORK=off $(GO) build ./... && GOWORK=off $(GO) vet ./...) || exit 1; done

proto: $(TOOLS)/buf $(TOOLS)/protoc-gen-go $(TOOLS)/protoc-gen-go-grpc ## generate Go and the protocol's reference from the schemas
	cd proto && $(TOOLS)/buf generate

page: ## bundle the page and the element, each into one file
	$(GO) run ./services/gateway/web/bundle/cmd/bundle services/gateway/web/static services/gateway/web/bundled

generated: proto page ## fail if generating changes anything
	@git diff --exit-code --stat -- proto services/gateway/web/bundled || { echo "run 'make proto page' and commit what it wrote"; exit 1; }

tidy: ## go mod tidy in every module
	@for m in $(MODULES) .tools; do (cd $$m && GOWORK=off $(GO) mod tidy) || exit 1; done

$(TOOLS)/benchstat: TOOL = golang.org/x/perf/cmd/benchstat
$(TOOLS)/buf: TOOL = github.com/bufbuild/buf/cmd/buf
$(TOOLS)/gotestsum: TOOL = gotest.tools/gotestsum
$(TOOLS)/govulncheck: TOOL = golang.org/x/vuln/cmd/govulncheck
$(TOOLS)/staticcheck: TOOL = honnef.co/go/tools/cmd/staticcheck
$(TOOLS)/protoc-gen-go: TOOL = google.golang.org/protobuf/cmd/protoc-gen-go
$(TOOLS)/protoc-gen-go-grpc: TOOL = google.golang.org/grpc/cmd/protoc-gen-go-grpc
$(TOOLS)/%: .tools/go.mod
	cd .tools && GOWORK=off GOBIN=$(TOOLS) $(GO) install $(TOOL)

.PHONY: help run build test sdk e2e e2e-stack e2e-stack-short e2e-stack-long chaos restarts power up secrets scale roll down bench bench-keep bench-figures bench-compare bench-million fuzz fuzz-night vuln lint alone proto page generated tidy
