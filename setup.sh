#!/usr/bin/env bash
# Makes this checkout ready: Debian packages and a virtual environment in .venv.
#   ./setup.sh        what `lull` needs
#   ./setup.sh dev    and what the tests need
# Safe to repeat: it does only what is missing.
set -euo pipefail
cd "$(dirname "$0")"

RUNTIME_PACKAGES=(
    libportaudio2 libasound2-plugins # sound; the plugins reach PulseAudio and PipeWire
    libvlc5 vlc-plugin-base          # what FFmpeg cannot open
    mosquitto                        # the private MQTT broker
    util-linux
    timidity timgm6mb-soundfont # play the demo library
)
TEST_PACKAGES=(
    pulseaudio pulseaudio-utils mosquitto-clients # what a person would hear and type
    chromium fonts-dejavu-core                    # a real page
    ffmpeg icecast2 wesnoth-music                 # real streams and recordings
    samba vlc-plugin-samba                        # a real share
    espeak-ng openssl systemd                     # voices, certificates of a broker, checks of the unit
)

say() { printf 'set-up: %s\n' "$*"; }
fail() {
    printf 'set-up: %s\n' "$*" >&2
    exit 1
}

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

missing_packages() {
    local installed package
    installed=" $(dpkg-query --show --showformat='${Package}=${db:Status-Status} ' "$@" 2>/dev/null || true)"
    for package in "$@"; do
        [[ $installed == *" $package=installed "* ]] || printf '%s\n' "$package"
    done
}

apt_install() { # root command…, then packages after --
    local as_root=()
    while [[ $1 != -- ]]; do
        as_root+=("$1")
        shift
    done
    shift
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120)
    # --no-remove: a sound server or broker that is in use stays.
    local install=("${apt[@]}" install -y --no-remove --no-install-recommends "$@")
    if ! apt-cache show "$@" >/dev/null 2>&1; then
        "${apt[@]}" update
        "${install[@]}"
    else
        # Package lists that have aged name files which are gone.
        "${install[@]}" || { "${apt[@]}" update && "${install[@]}"; }
    fi
}

# Debian's mosquitto starts as a service when it is installed. Lull runs a private broker of its own: the
# service stays off, unless it was there before.
install_packages() { # root command…, then packages after --
    local as_root=() argument status=0 quiet_broker=no
    for argument in "$@"; do
        [[ $argument == -- ]] && break
        as_root+=("$argument")
    done
    if [[ " $* " == *" mosquitto "* && -d /run/systemd/system ]]; then
        quiet_broker=yes
        "${as_root[@]}" systemctl --runtime mask mosquitto.service
    fi
    apt_install "$@" || status=$?
    if [[ $quiet_broker == yes ]]; then
        "${as_root[@]}" systemctl --runtime unmask mosquitto.service
        "${as_root[@]}" systemctl disable mosquitto.service || true # not there when the installation failed
    fi
    return "$status"
}

system_packages() {
    local wanted=("${RUNTIME_PACKAGES[@]}") missing
    [[ $profile == dev ]] && wanted+=("${TEST_PACKAGES[@]}")
    if ! command -v dpkg-query >/dev/null; then
        say "this is not Debian: make sure that the equivalents of these are installed: ${wanted[*]}"
        return
    fi
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    if [[ -z $(find_python) ]] || ! "$(find_python)" -c 'import ensurepip, venv' 2>/dev/null; then
        missing+=(python3-venv)
    fi
    ((${#missing[@]})) || return 0
    local as_root=()
    if [[ $(id -u) != 0 ]]; then
        sudo -n true 2>/dev/null || fail "packages are missing. Type this, then repeat:
sudo apt-get install -y --no-install-recommends ${missing[*]}"
        as_root=(sudo -n)
    fi
    say "installing Debian packages: ${missing[*]}"
    install_packages "${as_root[@]}" -- "${missing[@]}" || fail "apt-get could not install: ${missing[*]}"
}

environment() {
    local lock=requirements.lock python stamp
    [[ $profile == dev ]] && lock=requirements-dev.lock
    python=$(find_python)
    [[ -n $python ]] || fail "Python 3.11 or newer is needed."
    if [[ ! -x .venv/bin/python ]] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        say "making .venv with $("$python" --version)"
        "$python" -m venv --clear .venv
    fi
    stamp=$(stamp_of "$lock")
    say "installing Python packages of $lock into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes -r "$lock"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    printf '%s\n' "$stamp" >".venv/.$lock"
}

stamp_of() { # lock file; another place or another environment is another stamp
    { cat "$1" pyproject.toml .venv/pyvenv.cfg && pwd; } | sha256sum
}

is_ready() { # lock file
    [[ -x .venv/bin/lull && -f .venv/.$1 && $(<".venv/.$1") == "$(stamp_of "$1")" ]] && .venv/bin/python -c ''
}

profile=${1:-runtime}
[[ $profile == runtime || $profile == dev ]] || fail "usage: ./setup.sh [dev]"

system_packages
# The development lock file holds all of the other.
if is_ready requirements-dev.lock || { [[ $profile == runtime ]] && is_ready requirements.lock; }; then
    exit 0
fi
environment
say "ready"
