#pragma once

/// The program comes in three parts, so that what an owner does many times a day starts in no time:
///
///   obscura            keys, queries, answers, files: no ONNX, no OpenCV dnn, no LibTorch
///   obscura-networks   what reads networks: compile, evaluate, demo, data, bench, pictures protected
///   obscura-learning   what trains and attacks: the only part that loads LibTorch
///
/// There is one command line: a part that cannot go on becomes the next one (exec) with the same arguments.
namespace obscura::cli {

/// From light to heavy: what one has, the next has, too.
enum class Tier { files, networks, learning };

/// What main was given, for continue_in. To be called once, first.
void keep_arguments(char** argv);

/// This process becomes the other part of the program, from the start. Nothing may have been written yet. The parts lie
/// beside each other, or where they are installed. Throws UnsupportedError if that part is not there.
[[noreturn]] void continue_in(Tier tier);

/// The file that is called `obscura` by users: for children. The running part's neighbour.
const char* front_program();

}  // namespace obscura::cli
