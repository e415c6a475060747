# Shared by the house checks: sourced, not run.
src=$(cd "${srcdir:-.}" && pwd)
work=${builddir:-$(pwd)}

stand_aside() { echo "$(basename "$0"): skipped: $*"; exit 77; }

[ -e "$src/.git" ] || [ -n "${HINGE_HOUSE:-}" ] || stand_aside "the checkout's own check (set HINGE_HOUSE=1 to run it here)"

need() { command -v "$1" >/dev/null 2>&1 || stand_aside "$1 is not installed"; }

# configure_in FOLDER OPTIONS...: a build beside the main one, kept between runs.
configure_in() {
    folder=$work/$1
    shift
    mkdir -p "$folder"
    [ "$folder/Makefile" -nt "$src/configure" ] || (cd "$folder" && "$src/configure" --quiet "$@")
}
