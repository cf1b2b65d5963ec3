#include "support/study_call.h"

#include <sodium.h>

#include <cctype>
#include <memory>

#include "base/error.h"
#include "base/progress.h"

namespace py = pybind11;

namespace obscura::python {
namespace {

/// A copy that is wiped when the last who may ask for it is gone.
class KeptPassphrase {
 public:
  explicit KeptPassphrase(std::string text) : text_(std::move(text)) {}
  KeptPassphrase(const KeptPassphrase&) = delete;
  KeptPassphrase& operator=(const KeptPassphrase&) = delete;
  ~KeptPassphrase() { sodium_memzero(text_.data(), text_.size()); }
  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

template <typename Kind>
[[noreturn]] void rethrow_without_dashes(const Kind& e) {
  throw Kind(without_dashes(e.what()));
}

}  // namespace

std::string without_dashes(const std::string& sentence) {
  std::string out;
  for (std::size_t i = 0; i < sentence.size();) {
    const bool starts =
        i == 0 || !(std::isalnum(static_cast<unsigned char>(sentence[i - 1])) || sentence[i - 1] == '-');
    if (!starts || sentence.compare(i, 2, "--") != 0 || i + 2 >= sentence.size() ||
        !std::islower(static_cast<unsigned char>(sentence[i + 2]))) {
      out += sentence[i++];
      continue;
    }
    for (i += 2; i < sentence.size(); ++i) {
      const auto c = static_cast<unsigned char>(sentence[i]);
      const bool inside =
          c == '-' && i + 1 < sentence.size() && std::isalnum(static_cast<unsigned char>(sentence[i + 1]));
      if (!std::isalnum(c) && !inside) break;
      out += inside ? '_' : sentence[i];
    }
  }
  return out;
}

ckks::Sealing sealing_of(const py::object& passphrase, bool seal_new) {
  if (passphrase.is_none()) return {};
  if (!py::isinstance<py::str>(passphrase) && !py::isinstance<py::bytes>(passphrase)) {
    throw MismatchError("passphrase: expected a str or bytes");
  }
  const auto kept = std::make_shared<KeptPassphrase>(py::cast<std::string>(passphrase));
  ckks::Sealing sealing;
  sealing.passphrase = [kept](const std::string&, ckks::PassphraseUse) { return ckks::Passphrase(kept->view()); };
  sealing.seal_new = seal_new;
  return sealing;
}

py::str to_str(const std::string& text) {
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

StudyCall::StudyCall(Speaker& speaker)
    : speaker_(speaker), notes_([&speaker](const std::string& line) { speaker.note(without_dashes(line)); }) {}

void StudyCall::run(const std::function<void()>& work) const {
  const ProgressListener listener([this](std::size_t done, std::size_t total, const std::string& unit) {
    speaker_.check();
    speaker_.progress(done, total, unit);
  });
  try {
    work();
  } catch (const UsageError& e) {
    rethrow_without_dashes(e);
  } catch (const MismatchError& e) {
    rethrow_without_dashes(e);
  } catch (const UnsupportedError& e) {
    rethrow_without_dashes(e);
  } catch (const ParameterError& e) {
    rethrow_without_dashes(e);
  } catch (const IoError& e) {
    rethrow_without_dashes(e);
  }
}

}  // namespace obscura::python
