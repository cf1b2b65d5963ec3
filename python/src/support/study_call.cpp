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

std::string axes_text(const PixelArray& array) {
  std::string text;
  for (py::ssize_t i = 0; i < array.ndim(); ++i) text += (i ? "x" : "") + std::to_string(array.shape(i));
  return text.empty() ? "no axes" : text;
}

image::Image picture_at(const std::uint8_t* from, std::size_t height, std::size_t width, std::size_t channels,
                        const std::string& what) {
  try {
    return image::Image::of(channels, height, width, {from, from + height * width * channels});
  } catch (const ParameterError& e) {
    throw MismatchError(what + ": " + e.what());
  }
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

image::Image picture_of(const PixelArray& array, const std::string& what) {
  const bool flat = array.ndim() == 2;
  if (!flat && (array.ndim() != 3 || (array.shape(2) != 1 && array.shape(2) != 3))) {
    throw MismatchError(what + ": an array of " + axes_text(array) +
                        ", expected height x width (grey) or height x width x 3 (red, green, blue)");
  }
  return picture_at(array.data(), static_cast<std::size_t>(array.shape(0)), static_cast<std::size_t>(array.shape(1)),
                    flat ? 1 : static_cast<std::size_t>(array.shape(2)), what);
}

std::vector<image::Image> pictures_of(const PixelArray& array, const std::string& what) {
  if (array.ndim() != 4 || (array.shape(3) != 1 && array.shape(3) != 3)) {
    throw MismatchError(what + ": an array of " + axes_text(array) +
                        ", expected count x height x width x channels, of which there are 1 (grey) or 3");
  }
  const auto axis = [&](int i) { return static_cast<std::size_t>(array.shape(i)); };
  std::vector<image::Image> pictures;
  for (std::size_t n = 0; n < axis(0); ++n) {
    pictures.push_back(picture_at(array.data() + n * axis(1) * axis(2) * axis(3), axis(1), axis(2), axis(3), what));
  }
  return pictures;
}

py::array_t<std::uint8_t> to_array(const image::Image& picture) {
  std::vector<std::size_t> shape{picture.height, picture.width};
  if (picture.channels != 1) shape.push_back(picture.channels);
  return py::array_t<std::uint8_t>(shape, picture.pixels.data());
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
