#pragma once

#include <filesystem>
#include <string>

/// What a file on disk is, by what is in it: an output must not take the place of something else.
namespace obscura::study {

enum class FileKind {
  query,
  answer,
  evaluation_keys,
  client_spec,
  program,
  secret_key,
  search_message,  ///< what travels of a search, and an owner's record of it
  shield_key,
  protected_picture,  ///< what `protect` writes: a .shield file, or a PNG with its label
  png,
  picture,  ///< in another format
  onnx,
  safetensors,
  checkpoint,  ///< of a training that was interrupted
  journal,     ///< of an evaluation that was interrupted
  evaluation,  ///< JSON of `evaluate`
  curve,       ///< JSON of `train`
  report,      ///< JSON of `reproduce`
  attacks,     ///< JSON of `audit`
  svg,
  html,
  markdown,
  csv,
  other,
};

/// "an encrypted query", "a PNG picture", "a file of another kind".
std::string kind_text(FileKind kind);

/// By its first bytes, JSON by its keys. FileKind::other also for what cannot be read.
FileKind kind_of(const std::filesystem::path& file);

/// True for a key without which something could never be read again.
bool is_secret(FileKind kind);

}  // namespace obscura::study
