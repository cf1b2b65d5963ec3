#include "owner/decryption_count.h"

#include <charconv>
#include <system_error>

#include "base/error.h"
#include "message/messages.h"

namespace obscura::owner {

std::string write_decryption_count(const ckks::KeyId& key, const DecryptionCount& count) {
  return message::hex_of(key) + " " + std::to_string(count.count) + (count.complete ? "\n" : " at least\n");
}

DecryptionCount read_decryption_count(std::string_view text, const ckks::KeyId& key, std::string_view what) {
  const std::size_t id_end = text.find(' ');
  DecryptionCount count;
  if (id_end == 2 * key.size()) {
    const char* const end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data() + id_end + 1, end, count.count);
    const std::string_view rest(last, static_cast<std::size_t>(end - last));
    if (error == std::errc() && (rest == "\n" || rest == " at least\n")) {
      count.complete = rest == "\n";
      return text.starts_with(message::hex_of(key)) ? count : DecryptionCount{0, false};
    }
  }
  throw FormatError(std::string(what) +
                    " is not a count of decryptions: restore it, or remove it and the count starts as unknown");
}

}  // namespace obscura::owner
