# Verbs of ./dev that make packages and containers, and try them (docs/packages.md). Read by it, not run.

deb_packages=(dpkg-dev file lintian)  # to make packages, and to look at them
test_package_packages=(mmdebstrap systemd-container)  # a bare Debian to install them in
container_packages=(mmdebstrap buildah)
test_container_packages=(podman crun runc)

# What the packages say of where they come from: the commit, marked where files differ from it, and its time.
verb_deb() {
  local preset=release commit='' lint
  [[ ${1:-} != --service ]] || { preset=service; shift; }
  (($# == 0)) || usage "deb takes --service or nothing"
  if [[ $preset == service ]]; then
    ensure_packages "${demo_packages[@]}" "${service_packages[@]}" "${deb_packages[@]}"
  else
    ensure_packages "${build_packages[@]}" "${deb_packages[@]}"
  fi
  if commit=$(git rev-parse HEAD 2>/dev/null); then
    [[ -z $(git status --porcelain --untracked-files=no) ]] || commit+=-modified
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
  else
    SOURCE_DATE_EPOCH=$(stat -c %Y CHANGELOG.md)
  fi
  export SOURCE_DATE_EPOCH
  [[ $preset == service ]] || ensure_site
  configure "$preset" "-DOBSCURA_COMMIT=$commit"
  cmake --build --preset "$preset" --parallel "$(build_jobs)" --target obscura_packaged
  rm -rf build/packages
  mkdir -p build/packages
  cpack --config "build/$preset/CPackConfig.cmake" -B "$PWD/build/packages" >build/packages/cpack.log 2>&1 ||
    { tail -n 20 build/packages/cpack.log >&2; fail "packing failed (all of it: build/packages/cpack.log)"; }
  rm -rf build/packages/_CPack_Packages
  lint=$(lintian --tag-display-limit 0 build/packages/*.deb 2>/dev/null) || { printf '%s\n' "$lint" >&2; fail "lintian found errors"; }
  [[ -z $lint ]] || printf '%s\n' "$lint" >&2
  ls -l build/packages/*.deb | awk '{print $NF, $5, "bytes"}'
}

verb_test-packages() {
  ensure_packages "${test_package_packages[@]}"
  exec packaging/test_packages.sh build/packages "$@"
}

verb_container() {
  ensure_packages "${container_packages[@]}"
  exec packaging/container/build.sh "${1:-oci}" build/packages
}

verb_test-container() {
  local images=(build/packages/obscura-*.tar)
  [[ -e ${1:-${images[0]}} ]] || fail "no image in build/packages; './dev container' makes it"
  ensure_packages "${test_container_packages[@]}"
  exec packaging/container/test.sh "${1:-${images[0]}}"
}
