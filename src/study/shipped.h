#pragma once

#include <filesystem>

/// What ships with the project, found from where the program or the working folder is.
namespace obscura::study {

/// The file or folder of that name in the program's folder or one above it (a build folder lies inside the source
/// tree), then in the working folder or one above it; empty if there is none.
std::filesystem::path shipped(const std::filesystem::path& name);

/// `given`, or the network that ships: models/tenseal-mnist.onnx. Throws IoError that says where it was looked for.
std::filesystem::path shipped_network(const std::filesystem::path& given);

}  // namespace obscura::study
