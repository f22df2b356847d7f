# shellcheck shell=bash
# What the scripts beside this file share: messages, the repository's folder, pinned wheels.
# Sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/.deps

say() { printf '==> %s\n' "$*"; }

# fail MESSAGE [HINT] [EXIT CODE]
fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  [[ -z ${2:-} ]] || printf 'HINT: %s\n' "$2" >&2
  exit "${3:-1}"
}

# Says a command before running it, quoted as a shell would read it.
echo_command() {
  local line
  printf -v line ' %q' "$@"
  printf '+%s\n' "$line"
}

run() {
  echo_command "$@"
  "$@"
}

# The comment a script opens with is its help.
print_help() { sed -n '2,/^$/ s/^# \{0,1\}//p' "$0"; }

bad_option() { fail "There is no option '$1'." "scripts/${0##*/} --help lists them." 2; }

# Folder for downloads, shared by all clones of a user: a home folder may be missing or read-only.
user_cache() {
  local home=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)} folder
  for folder in "${XDG_CACHE_HOME:-${home:-/nonexistent}/.cache}/quire" "$deps/cache"; do
    if mkdir -p "$folder" 2>/dev/null && [[ -w $folder ]]; then
      printf '%s\n' "$folder"
      return
    fi
  done
  fail "No folder for downloads can be written: tried '$folder' last." "Set XDG_CACHE_HOME to one that can."
}

# One script at a time changes what all clones of a user share; held until this script ends.
lock_cache() {
  [[ -z ${cache_is_locked:-} ]] || return 0
  exec 8>"$1/.lock"
  flock --nonblock 8 || { say "Waiting for another clone's download"; flock 8; }
  cache_is_locked=yes
}

# Lines of pins.txt for the packages named: what a set of unpacked files was made from.
pins_of() {
  local name
  for name in "$@"; do
    grep "^$name " "$root/scripts/pins.txt" || fail "scripts/pins.txt pins no '$name'."
  done
}

# A Python whose pip can download; nothing is ever installed with it.
python_with_pip() {
  local python
  for python in /usr/bin/python3 python3; do
    if "$python" -m pip --version >/dev/null 2>&1; then
      printf '%s\n' "$python"
      return
    fi
  done
  fail "No python3 here has pip, which downloads the pinned wheels." "Install python3-pip."
}

check_hash() {
  local file=$1 expected=$2 actual
  actual=$(sha256sum "$file" | cut -d' ' -f1)
  [[ $actual == "$expected" ]] || fail \
    "'$file' has SHA-256 $actual, not the pinned $expected: it was damaged or tampered with." "$3"
}

free_megabytes() { df --output=avail -BM "$1" | tail -1 | tr -dc 0-9; }

# Is a pinned package's wheel here already?
is_cached() {
  local name version file
  read -r name version file _ < <(pins_of "$1")
  [[ -f $(user_cache)/downloads/$file ]]
}

# Sets wheel_path to the checked wheel of a pinned package, downloading it if it is not yet cached.
fetch_wheel() {
  local name version file hash cache downloads new
  read -r name version file hash < <(pins_of "$1")
  cache=$(user_cache)
  lock_cache "$cache"
  downloads=$cache/downloads
  wheel_path=$downloads/$file
  if [[ -f $wheel_path ]]; then
    check_hash "$wheel_path" "$hash" "Delete that file and run this again."
    return
  fi
  say "Downloading $name $version"
  new=$downloads/.new
  rm -rf "$new"
  mkdir -p "$new"
  download_wheel "$name==$version" "$new"
  [[ -f $new/$file ]] || fail "pip brought '$(ls "$new")' where scripts/pins.txt names '$file'."
  check_hash "$new/$file" "$hash" "The package index that pip uses here serves another file than the pinned one."
  mv "$new/$file" "$wheel_path"
  rm -rf "$new"
}

# The wheel is asked for by platform, so that the Python it was built for need not be the one here.
download_wheel() {
  local wanted=$1 folder=$2 python
  python=$(python_with_pip)
  # pip puts its download in TMPDIR first, which is often a small file system in memory.
  TMPDIR=$folder PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    "$python" -m pip download --quiet --no-cache-dir --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --abi cp311 \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 \
    --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
    --dest "$folder" "$wanted" && return
  fail "pip could not download $wanted; its own message is above." \
    "Is there a network? pip's settings for index and proxy are used ('pip config list'). \
$(free_megabytes "$folder") MB are free in '$folder'."
}
