# Redust. `make` prints this help.

GO        ?= go
PORT      ?= 6379
FUZZTIME  ?= 20s
SOAK_ROUNDS ?= 500
SOAK_HISTORIES ?= 200
SWEEP     ?= internal/tools/benchreport/sweep.txt
TOOLS     := $(GO) tool -modfile=internal/tools/versions/go.mod
TESTTAGS  := invariants
CGO       := $(shell command -v gcc >/dev/null 2>&1 && echo 1 || echo 0)
RACE      := $(if $(filter 1,$(CGO)),-race,)
export PATH := $(CURDIR)/.tools:$(PATH)

.DEFAULT_GOAL := help

help: ## Print this help
	@echo "Redust: a Redis-compatible data server. Targets:"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

build: need-go ## Build bin/redust and bin/redust-bench
	@mkdir -p bin
	$(GO) build -buildvcs=auto -o bin/redust ./cmd/redust
	$(GO) build -o bin/redust-bench ./cmd/redust-bench

run: build ## Build and start the server on port 6379 (PORT=...)
	./bin/redust --port $(PORT)

test: need-go oracle build vet ## All tests, race detector on, with real Redis as the oracle
ifeq ($(RACE),)
	@echo "note: no gcc here, so the tests run without the race detector (apt-get install gcc)"
endif
	$(GO) test $(RACE) -tags $(TESTTAGS) -timeout 20m ./...

race: need-go oracle build ## The unit tests only, with the race detector
	$(GO) test -race -tags $(TESTTAGS) -timeout 20m $$($(GO) list ./... | grep -v /conformance)

conformance: need-go oracle build ## The same scripts against Redust and real Redis
	$(GO) test -v -count 1 -timeout 20m ./conformance

clients: need-go oracle build ## Drive real client libraries against Redust and real Redis
	cd conformance/clients && $(GO) test -v -count 1 -timeout 10m ./...

clients-installed: ## Install what Debian has of the client libraries, where that is allowed
	@./internal/tools/clients.sh

golden: need-go oracle ## Write the golden traces anew from real Redis
	$(GO) test ./conformance -count 1 -args -golden

bench: need-go oracle build ## Measure beside redis-server, write docs/benchmarks.md (about an hour)
	$(GO) run ./internal/tools/benchreport

sweep: need-go oracle build ## CPU of each command of a list beside redis-server (SWEEP=file; five minutes)
	$(GO) run ./internal/tools/benchreport -sweep $(SWEEP)

pgo: need-go ## Renew the profile by which the compiler optimises the server (two minutes)
	$(GO) run ./internal/tools/pgo

bench-go: need-go ## Go benchmarks of the packages
	$(GO) test -run '^$$' -bench . -benchmem ./core/... ./protocol/... ./families/...

bench-compare: need-go ## Go benchmarks now against a revision: make bench-compare REF=main
	@test -n "$(REF)" || { echo "say which revision: make bench-compare REF=main"; exit 1; }
	./internal/tools/bench-compare.sh $(REF)

fuzz: need-go ## Run every fuzz target for FUZZTIME each
	./internal/tools/fuzz.sh $(FUZZTIME)

soak: need-go ## Crash rounds: kill -9 under load, disk faults (SOAK_ROUNDS=500); histories of killed clients (SOAK_HISTORIES=200)
	SOAK_ROUNDS=$(SOAK_ROUNDS) $(GO) test -timeout 60m -count 1 -run 'TestKill|TestDiskFaults' ./persistence
	SOAK_HISTORIES=$(SOAK_HISTORIES) $(GO) test $(RACE) -tags $(TESTTAGS) -timeout 60m -count 1 -run 'TestHistories|TestElementsArriveOnce' -v ./core/server

lint: need-go ## vet, staticcheck, gofumpt
	$(GO) vet ./...
	$(TOOLS) staticcheck ./...
	@out=$$($(TOOLS) gofumpt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofumpt would change:"; echo "$$out"; exit 1; }

vet:
	$(GO) vet -tags $(TESTTAGS) ./...

fmt: need-go ## Format all Go files
	$(TOOLS) gofumpt -w $$(git ls-files '*.go')

cover: need-go oracle build ## Test coverage by package
	$(GO) test -coverprofile=/tmp/redust-cover.out ./... && $(GO) tool cover -func=/tmp/redust-cover.out | tail -1

vuln: need-go ## Known vulnerabilities of the dependencies (needs the vulnerability database)
	$(TOOLS) govulncheck ./...

ci: lint test clients-installed clients ## What CI runs

oracle:
	@./internal/tools/oracle.sh

need-go:
	@command -v $(GO) >/dev/null 2>&1 || { echo "Go is missing: install Go 1.26 or newer (https://go.dev/dl)"; exit 1; }

clean: ## Remove what was built
	rm -rf bin .tools

.PHONY: help build run test race soak conformance clients clients-installed golden bench sweep pgo bench-go bench-compare fuzz lint vet fmt cover vuln ci oracle need-go clean
