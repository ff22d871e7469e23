# shellcheck shell=bash
# shellcheck source=tests/packages/checks.sh
. "$(dirname "$0")/checks.sh"
# What an installed ganger has to do, the same in both families. $root is where it is installed.
state=/var/lib/ganger # that of the systemd units

# start_before_upgrade: a run that fails in its second task, with the version that is installed.
start_before_upgrade() {
  local code=0
  mkdir -p "$root/srv" "$root/etc/ganger/jobs"
  cp tests/packages/upgraded.toml "$root/etc/ganger/jobs/"
  inside "$root" ganger run --quiet --state-dir $state /etc/ganger/jobs/upgraded.toml >/dev/null 2>&1 || code=$?
  expect "the exit code of the failing job" 3 $code
}

# resume_after_upgrade: the state is still there, and what was done stays done. The plugins are of another build now.
resume_after_upgrade() {
  touch "$root/srv/ready"
  inside "$root" ganger resume --quiet --accept-changes --state-dir $state
  expect "how often the first task ran" 1 "$(wc -l <"$root/srv/once")"
  rm -r "$root/srv/ready" "$root/srv/once" "$root/etc/ganger/jobs/upgraded.toml"
}

# run_inventory PREFIX...: the example job on /usr/share, in threads and in child processes; PREFIX is what starts it.
run_inventory() {
  local counted option out said
  counted=$(find "$root/usr/share" -type f | wc -l)
  for option in --keep-going --isolate; do
    out=/var/tmp/inventory$option
    mkdir -m 1777 "$root$out" # a child process may write only to what is there
    said=$(inside "$root" "$@" ganger run "$option" --state-dir "$out.state" \
      /usr/share/doc/ganger/examples/inventory.toml -p root=/usr/share -p "out=$out" 2>&1) || fail "inventory: $said"
    expect "files that the inventory counted with $option" "$counted" \
      "$(sed -n 's/^summary: *\([0-9][0-9]*\) .*/\1/p' <<<"$said")"
    rm -rf "${root:?}$out" "${root:?}$out.state"
  done
}
