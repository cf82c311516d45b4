# `make help` lists what there is to do.
SHELL := /bin/bash
GO ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.2.0
# Packages that run inside an iOS app: they must vet for it.
PURE := ./call/... ./fork/... ./callkit/... ./iossim/... ./phone/... ./signaling/... ./media/... ./capi/boundary ./capi/simulator

.DEFAULT_GOAL := help
.PHONY: help demo test test-carriers test-swift swift-engine xcframework model torture fuzz lint web generate bench tools

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: ## call Bob's simulated iPhones from a page
	$(GO) run ./cmd/ringtrip demo

test: tools ## all tests, with the race detector; installs what it needs and says so
	RINGTRIP_BROWSER_TESTS=1 $(GO) test -race -timeout 15m ./...
	$(GO) test ./internal/rig ./iossim -run 'TestRandomLives$$|TestSameSeedSameLog' -v

test-carriers: ## tokens and signatures of carriers against the vendors' own Node packages; installs those and says so
	RINGTRIP_VENDORS=1 $(GO) test -count=1 -v -run 'Vendor' ./internal/vendors

test-swift: ## the Swift package and its tests on the simulated iPhone; installs Swift in a folder of its own and says so
	@tools/testswift

swift-engine: ## the engine and the simulated iPhone as a static library, for the Swift package on Linux
	CGO_ENABLED=1 $(GO) build -trimpath -tags iossim -buildmode=c-archive -o swift/.build-engine/libringtrip.a ./capi

xcframework: ## the engine for Apple's platforms, build/CRingtrip.xcframework (needs a Mac)
	@tools/xcframework

model: ## search the state machines exhaustively, mutate them, print the figures
	$(GO) run ./tools/model

torture: tools ## 1,000 kill -9 of the single server under load, 100 of a node among three; prints what was promised and kept
	$(GO) test ./internal/cluster -v -timeout 60m -run 'TestTorture|TestTrouble|TestTimers|TestPlanted' -kills 1000 -node-kills 100

fuzz: ## every fuzz target for 10 s
	@tools/fuzz 10s

lint: ## gofmt, vet (linux, darwin, ios), staticcheck, govulncheck
	@tools/lint "$(STATICCHECK)" "$(GOVULNCHECK)" $(PURE)

web: ## build the page into web/dist (needs Node)
	cd web && npm ci --no-audit --no-fund && npm run check && npm test && npm run build

generate: ## wire code from proto/, for Go and TypeScript (needs Node)
	cd web && npm ci --no-audit --no-fund
	cd proto && ../web/node_modules/.bin/buf lint && ../web/node_modules/.bin/buf generate
	sha256sum proto/ringtrip/v1/ringtrip.proto | cut -d' ' -f1 > proto/generated.sha256

bench: ## ring latency, with the floor beside it
	$(GO) run ./cmd/ringtrip bench ring

tools: ## what the tests need and the machine lacks
	@tools/install
