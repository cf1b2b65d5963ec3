#pragma once

/// The program comes in parts, so that what an owner does many times a day starts in no time, and what a server runs
/// holds nothing that decrypts:
///
///   obscura            keys, queries, answers, files: no ONNX, no OpenCV dnn, no LibTorch
///   obscura-networks   what reads networks: compile, evaluate, demo, data, bench, pictures protected
///   obscura-learning   what trains and attacks: the only part that loads LibTorch
///   obscura-server     serve, token: gRPC, libmicrohttpd, SQLite; links no secret key
///   obscura-trusted    the same with mode trusted, whose server decrypts pictures
///   obscura-remote     remote: libcurl; finding pictures with it goes on in obscura-networks
///
/// There is one command line: a part that cannot go on becomes the next one (exec) with the same arguments.
namespace obscura::cli {

/// From light to heavy: what one of the first three has, the next has, too. The others are by themselves, but that what
/// reads networks has `remote` as well.
enum class Tier { files, networks, learning, server, remote, trusted };

/// Whether the program of tier `part` has verbs of tier `wanted`; `service`: it was built with the service.
constexpr bool has_verbs(Tier part, Tier wanted, bool service) {
  const bool serves = part == Tier::server || part == Tier::trusted;
  if (wanted == Tier::server) return serves;
  if (wanted == Tier::remote) return service && part != Tier::files && !serves;
  return !serves && part != Tier::remote && wanted <= part;
}

/// What main was given, for continue_in. To be called once, first.
void keep_arguments(char** argv);

/// This process becomes the other part of the program, from the start. Nothing may have been written yet. The parts lie
/// beside each other, or where they are installed. Throws UnsupportedError if that part is not there.
[[noreturn]] void continue_in(Tier tier);

/// The file that is called `obscura` by users: for children. The running part's neighbour.
const char* front_program();

}  // namespace obscura::cli
