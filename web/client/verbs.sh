# The verb of ./dev that builds the browser's client (docs/web.md). Read by it, not run.

web_packages=(emscripten nodejs cmake ninja-build dpkg-dev ca-certificates)

# The owner's side as WebAssembly and an ES module, ready for npm, in build/web/obscura-client; and the page with it.
verb_web() {
  [[ $# == 0 ]] || usage "web takes no arguments"
  command -v node >/dev/null && web_packages=("${web_packages[@]/nodejs/}")
  # shellcheck disable=SC2068  # one word each, and none for what is there already
  ensure_packages ${web_packages[@]}
  OBSCURA_JOBS=$(build_jobs) web/client/build.sh build/web || fail "the browser's client cannot be built"
  say "built build/web/obscura-client"
  web/page/assemble.sh build/web/obscura-client build/web/site
  say "and with it the page, build/web/site: 'obscura serve --web' serves it"
}
