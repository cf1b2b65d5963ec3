# Verbs of ./dev that show the page, and test it (docs/web.md). Read by it, not run.

page_test_packages=(chromium nodejs npm)

# The page whole: with the client made anew where that is older than its sources.
ensure_site() {
  local client=build/web/obscura-client
  if [[ ! -f $client/index.js ||
    $(find web/client web/CMakeLists.txt src -newer "$client/obscura.wasm" -name '*.[chjt]*' -print -quit) ]]; then
    verb_web
  else
    web/page/assemble.sh "$client" build/web/site
  fi
}

# A server with the page, and an address to open.
verb_demo-web() {
  ensure_packages "${demo_packages[@]}" "${service_packages[@]}"
  ensure_site
  build_preset service obscura
  exec examples/demo_web.sh build/service "$@"
}

# The page in a real browser, against a real server.
verb_test-web() {
  ensure_packages "${build_packages[@]}" "${page_test_packages[@]}"
  ensure_site
  build_preset release obscura
  mkdir -p build/web/tools
  cp web/tests/package.json build/web/tools/
  npm install --prefix build/web/tools --ignore-scripts --no-audit --no-fund --silent ||
    fail "npm cannot install what web/tests/package.json names: is there a registry?"
  ctest --preset release --output-on-failure --parallel 1 -R '^web\.' "$@"
}
