# Everything one does with this repository. `make help` lists it.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test bench fuzz lint fmt

# rustup puts cargo here; a shell opened before its installation does not know.
export PATH := $(HOME)/.cargo/bin:$(PATH)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo "  PORT=8080 IDP_PORT=8081 DATA=data   may be given to \`make run\`"

run: ## the gateway with a demo identity provider, ready to try
	@scripts/run

test: ## format, lints and all tests, with the real programs that they need
	@scripts/test

bench: ## speed, each figure beside its limit
	@scripts/bench

fuzz: ## fuzzing, TIME=60 seconds for each target
	@scripts/install-packages build test
	@scripts/fuzz

lint: ## clippy and the formatter's check
	@scripts/install-packages build test
	cargo fmt --check
	cargo clippy --all-targets --features demo-idp -- -D warnings

fmt: ## formats the code
	cargo fmt
