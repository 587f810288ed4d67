# What can be done with this repository; `make help` lists it. The work is in Scripts/.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps test soak bench demo format clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Install the Debian packages the build needs, where they are missing
	@Scripts/deps.sh

test: deps ## Everything CI runs: tests in every mode, sanitizer, snippets of misuse, format
	@Scripts/test.sh

soak: deps ## The stress tests for longer, with other seeds, and kill -9 (SOAK_ROUNDS=10)
	@Scripts/soak.sh

bench: deps ## The benchmarks, with the bars they are held to and the peers they are compared with
	@Scripts/bench.sh

demo: deps ## Generate FIX traffic, archive it with two producers, verify the archive
	@Scripts/demo.sh

format: ## Rewrite the Swift files in the project's format
	@Scripts/swift-files.sh | xargs -0 swift format --in-place --configuration .swift-format

clean: ## Remove what was built
	rm -rf .build Examples/.build Benchmarks/.build
