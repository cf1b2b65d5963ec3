#pragma once

#include <gtest/gtest.h>

#include <string>

#include "remote/hash.h"
#include "remote/remote.h"
#include "remote/scripted_server.h"

namespace obscura::remote {

/// Patience that tests have: enough for a machine that is busy, little between two tries.
inline Options quick() {
  Options options;
  options.http.stall_ms = 20'000;
  options.total_ms = 60'000;
  options.back_off_ms = 1;
  return options;
}

inline ckks::Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

inline std::string text_of(const ckks::Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

inline std::string hash_text(const std::string& text) {
  return hash_of(bytes_of(text));
}

/// The error that a call ends in.
template <typename Call>
RemoteError error_of_call(const Call& call) {
  try {
    call();
  } catch (const RemoteError& error) {
    return error;
  }
  ADD_FAILURE() << "no RemoteError";
  return {"none", "none"};
}

/// An answer of the protocol's binary form.
inline Said binary_answer(const std::string& file) {
  const std::string json = R"({"model_name":"m","outputs":[{"name":"answer","datatype":"BYTES","shape":[1],)"
                           R"("parameters":{"binary_data_size":)" +
                           std::to_string(file.size() + 4) + "}}]}";
  std::string body = json;
  for (int i = 0; i < 4; ++i) body += static_cast<char>(file.size() >> (8 * i));
  return whole(200, body + file, "Inference-Header-Content-Length: " + std::to_string(json.size()) + "\r\n");
}

inline std::string model_json(const std::string& spec_hash, const std::string& list_or_page) {
  const std::string properties = R"("properties":{"network":"net","client_spec":")" + spec_hash +
                                 R"(","images_per_query":1,"max_query_bytes":1000,"key_bytes":2000,"gallery":""})";
  if (list_or_page == "list") return R"({"models":[{"name":"m","version":"v",)" + properties + "}]}";
  return R"({"name":"m","versions":["v"],"platform":"obscura_ckks",)" + properties + "}";
}

}  // namespace obscura::remote
