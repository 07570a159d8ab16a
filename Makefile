# Two commands do all the set-up, on Debian 12 with Python 3.11 or later: make demo, make test.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MINUTES ?= 1
TRAIN_MINUTES ?= 120

# What the demo and the tests run for real; `edgectl doctor` says what each is for.
APT := build-essential pkg-config libsystemd-dev libxkbcommon-dev xkb-data libx11-data python3-dev python3-venv libgl1 libglib2.0-0 libegl1 \
  libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 \
  mosquitto x11vnc xvfb xauth openbox chromium imagemagick x11-utils x11-xserver-utils xdotool xterm wmctrl iproute2 \
  tigervnc-standalone-server tigervnc-common tigervnc-viewer qemu-system-x86 xclip libvncserver-dev mousepad pcmanfm mupdf galculator fontconfig fonts-noto-cjk fonts-noto-core fonts-nanum fonts-dejavu-core fonts-liberation
# What the pictures for networks are written in, and read by.
DATA_APT := tesseract-ocr tesseract-ocr-kor \
  fonts-baekmuk fonts-lexi-gulim fonts-lexi-saebom fonts-nanum-eco fonts-nanum-extra fonts-naver-d2coding fonts-unfonts-core fonts-unfonts-extra fonts-woowa-bm \
  fonts-b612 fonts-cantarell fonts-clear-sans fonts-crosextra-caladea fonts-crosextra-carlito fonts-ebgaramond fonts-firacode fonts-go fonts-hack \
  fonts-inconsolata fonts-inter fonts-jetbrains-mono fonts-lato fonts-linuxlibertine fonts-mononoki fonts-noto-mono fonts-open-sans fonts-paratype \
  fonts-roboto-slab fonts-roboto-unhinted fonts-texgyre fonts-vollkorn
# Whose sessions are captured, beside those.
GOLDENS_APT := sway wayvnc foot grim seabios
# What a board in a virtual machine is built with.
VM_APT := mmdebstrap qemu-system-x86 qemu-utils e2fsprogs
# An ARM processor that runs the NPU's own Python package.
ARM64_APT := qemu-user-static mmdebstrap gcc-aarch64-linux-gnu libc6-dev-arm64-cross
# rknn-toolkit2 wants older packages than the project.
RKNN := build/rknn-venv
# The tests train a small network for some steps; the demo does without torch.
TORCH := torch==2.13.0

.PHONY: help demo test test-vm test-arm64 test-convert check bench bench-decode fuzz goldens networks rknn-venv setup apt clean

help:  ## Say what there is to make.
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 16

demo: apt $(VENV)/.demo  ## Run the main job on embedded defaults; figures and pictures go to demo-out/.
	$(BIN)/edgectl demo --out demo-out

test: APT += $(DATA_APT)
test: setup  ## Run every test, with the checks first.
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -n 3 --dist loadfile  # most of them wait for servers

check: setup  ## ruff, mypy --strict, import contracts.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test-vm: APT += $(VM_APT)
test-vm: setup  ## Boot a board in a virtual machine, sign in by its keyboard, compare its screen; needs root.
	$(BIN)/pytest tests/vm

test-arm64: APT += $(ARM64_APT)
test-arm64: setup  ## Restore through the NPU's own Python package on an emulated ARM processor; fetches 250 MB.
	$(BIN)/pytest tests/arm64

test-convert: setup rknn-venv  ## Convert and simulate networks with the real rknn-toolkit2.
	$(BIN)/pytest tests/rknn

networks: APT += $(DATA_APT) fonts-noto-cjk-extra
networks: setup  ## Make the pictures and train every network in TRAIN_MINUTES; models/README.md says what comes then.
	$(BIN)/python -m models.data
	$(BIN)/python -m models.train all --minutes $(TRAIN_MINUTES)

bench: setup  ## The trace on the reference link, beside the TigerVNC viewer; ARGS= for options.
	$(BIN)/python -m tests.bench $(ARGS)

bench-decode: setup  ## Decoding speed beside libvncclient's; ARGS= for options.
	$(BIN)/python -m tests.bench.decode $(ARGS)

fuzz: setup  ## Feed the RFB client with broken bytes for MINUTES: half of them the connection, half the decoders.
	@mkdir -p build/fuzz
	$(BIN)/python -m tests.fuzz.fuzz connection -max_total_time=$$(( $(MINUTES) * 30 )) -artifact_prefix=build/fuzz/ build/fuzz/connection
	$(BIN)/python -m tests.fuzz.fuzz decoder -max_total_time=$$(( $(MINUTES) * 30 )) -artifact_prefix=build/fuzz/ build/fuzz/decoder

goldens: APT += $(GOLDENS_APT)
goldens: setup  ## Capture sessions of real servers anew; ARGS= for patterns of names.
	$(BIN)/python -m tests.rfb.goldens.capture $(ARGS)

setup: apt $(VENV)/.test

apt:
	@missing=$$(for p in $(APT); do dpkg-query -W -f='$${Status}\n' $$p 2>/dev/null | grep -q '^install ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "Installing Debian packages: $$missing" | tr '\n' ' '; echo; \
	  if [ $$(id -u) = 0 ]; then sudo=; else sudo=sudo; fi; \
	  $$sudo apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

rknn-venv: $(RKNN)/.installed  ## rknn-toolkit2 for conversions, in an environment of its own (1.5 GB).

$(RKNN)/.installed:
	@echo "Installing into $(RKNN): rknn-toolkit2 with what it needs"
	@$(PYTHON) -m venv $(RKNN)
	@$(RKNN)/bin/pip install --quiet 'protobuf>=4.21.6,<=4.25.4' 'psutil>=5.9' 'ruamel.yaml>=0.17.21' 'scipy>=1.9.3' 'tqdm>=4.64.1' \
	  'opencv-python<4.12' 'fast-histogram>=0.11' 'numpy<=1.26.4' 'onnx>=1.16.1,<=1.18.0' 'onnxruntime>=1.17' 'setuptools<81' 'msgspec>=0.19'
	@$(RKNN)/bin/pip install --quiet --no-deps rknn-toolkit2==2.5.0
	@$(RKNN)/bin/pip install --quiet $(TORCH) 'numpy<=1.26.4' 'setuptools<81'
	@touch $@

$(VENV)/.demo: pyproject.toml
	@echo "Installing into $(VENV): edge[broker,window] with what it needs"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --upgrade pip
	@$(BIN)/pip install --quiet --editable '.[broker,window]'
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	@echo "Installing into $(VENV): $(TORCH) and edge[board,h264,train,dev] with what they need"
	@$(BIN)/pip install --quiet $(TORCH)
	@$(BIN)/pip install --quiet --editable '.[board,broker,window,h264,train,dev]'
	@touch $@

clean:  ## Remove what was built and installed here.
	rm -rf $(VENV) build *.egg-info demo-out bench-out .mypy_cache .ruff_cache .pytest_cache .hypothesis
