# test.mk - what `make test` runs, in order of cost.

test: setup-test
	$(MAKE) SAN=$(SAN) check

check: unit fuzz-replay

unit: $(TESTS)
	@for t in $(TESTS); do $$t || exit 1; done

fuzz-replay: $(REPLAY)
	@for t in $(FUZZ); do $(B)/test/fuzz/$$t test/fuzz/corpus/$$t || exit 1; done

run: setup-run
	$(MAKE) all
	sh test/run.sh $(B)

.PHONY: test check unit fuzz-replay run
