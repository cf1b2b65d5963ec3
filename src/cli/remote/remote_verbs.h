#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/passphrase_options.h"
#include "remote/remote.h"
#include "study/remote/remote_classify.h"
#include "study/remote/remote_search.h"

/// `obscura remote ping|models|classify|search|keys`: what an owner does at a server.
namespace obscura::cli {

/// Which server, and who asks.
struct ServerArguments {
  std::string url;    ///< empty: $OBSCURA_SERVER
  std::string token;  ///< empty: of the file, or $OBSCURA_TOKEN
  std::filesystem::path token_file, ca;
};
void add_server(CLI::App& verb, ServerArguments& server);

/// The server's client, with its progress shown. Throws UsageError where no server is named.
std::unique_ptr<remote::Remote> connect(const ServerArguments& server);

struct RemoteSearchArguments {
  ServerArguments server;
  study::RemoteSearchRequest request;
  PassphraseOptions passphrase;
  std::filesystem::path out;
  std::string command;  ///< as typed, for the result
  bool force = false;
  bool json = false;
};
/// Vectors are made by networks: in the part of the program that reads none it goes on in the one that does
/// (cli/tiers.h).
void run_remote_search(const RemoteSearchArguments& arguments);

void add_remote_ping(CLI::App& remote);
void add_remote_models(CLI::App& remote);
void add_remote_classify(CLI::App& remote);
void add_remote_search(CLI::App& remote);
void add_remote_keys(CLI::App& remote);

}  // namespace obscura::cli
