#pragma once

#include <string_view>
#include <vector>

#include "fuzz/reader.h"

/// All harnesses. Each is made by a function of its own, so that a libFuzzer program links what it needs and no more.
namespace obscura::fuzz {

// Parameters, keys and ciphertexts (ckks/wire.h, secret/wire.h).
Reader parameters_reader();
Reader public_key_reader();
Reader evaluation_keys_reader();
Reader expanded_keys_reader();  ///< the same files as a server takes them in, key by key
Reader secret_key_reader();
Reader sealed_secret_key_reader();
Reader sealed_key_reader();  ///< other secrets under a passphrase (secret/sealed_file.h)
Reader ciphertext_reader();
Reader seeded_ciphertext_reader();
Reader compact_ciphertext_reader();
Reader ciphertext_batch_reader();
Reader seeded_batch_reader();
Reader compact_batch_reader();

// Between owner and server.
Reader query_reader();
Reader chunk_query_reader();  ///< of policy features, with what a server checks of it
Reader answer_reader();       ///< through the owner's decryption
Reader batched_answer_reader();
Reader client_spec_reader();
Reader chunk_spec_reader();  ///< of policies of chunks
Reader query_record_reader();
Reader program_reader();

// Galleries.
Reader gallery_card_reader();
Reader gallery_query_reader();
Reader gallery_answer_reader();
Reader gallery_scores_reader();  ///< answers through the decryption of who asked
Reader fetch_request_reader();
Reader fetch_reply_reader();  ///< through the reading of who asked
Reader fetch_hint_reader();
Reader fetch_secrets_reader();
Reader gallery_head_reader();
Reader selection_reader();
Reader record_reader();
Reader trusted_card_reader();
Reader trusted_query_reader();
Reader trusted_answer_reader();
Reader gallery_file_reader();  ///< gallery.db

// Networks and weights.
Reader onnx_reader();
Reader safetensors_reader();
Reader pth_reader();
Reader legacy_pth_reader();
Reader npz_reader();

// Pictures and data sets.
Reader idx_images_reader();
Reader idx_labels_reader();
Reader cifar_reader();
Reader tar_reader();
Reader inflate_reader();
Reader png_reader();
Reader jpeg_reader();
Reader webp_reader();
Reader tiff_reader();
Reader gif_reader();
Reader bmp_reader();
Reader pnm_reader();
Reader shield_key_reader();
Reader shield_file_reader();
Reader shield_png_reader();

// The service, and its client.
Reader http_target_reader();
Reader http_fields_reader();
Reader content_range_reader();
Reader base64_reader();
Reader infer_body_reader();
Reader grpc_infer_reader();
Reader grpc_upload_reader();
Reader remote_facts_reader();
Reader remote_answer_reader();

/// How they are made, by name, in the order above; without the service where that is not built.
struct NamedReader {
  std::string_view name;
  Reader (*make)();
};
std::vector<NamedReader> all_readers();

}  // namespace obscura::fuzz
