#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "image/image.h"

namespace obscura::image {

/// What images are for: to learn from, to choose the best of what was learned, and to judge it by.
enum class Split { train, validation, test };

/// "train", "validation" or "test".
std::string to_string(Split split);
/// The same words, and "val" and "valid". Throws UsageError for any other word.
Split parse_split(const std::string& text);

/// Labelled images of one size, packed: images[((n * channels + c) * height + y) * width + x], RGB planes, 0 to 255.
/// labels[n] indexes `classes`; 64 bits wide, so that LibTorch can view them in place. A regular type.
struct Dataset {
  std::string name;
  std::vector<std::string> classes;
  std::vector<std::uint8_t> images;
  std::vector<std::int64_t> labels;
  std::size_t count = 0;
  std::size_t channels = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t available = 0;            ///< images of the split before `limit`: at least `count`
  bool by_turn = false;                 ///< one image of every class, then the next of every class, ...
  std::vector<std::string> notes = {};  ///< what people should know of how it was read, a line each; callers print it

  /// Bytes of one image: channels * height * width.
  std::size_t image_size() const { return channels * height * width; }
  /// The planar pixels of image n.
  std::span<const std::uint8_t> pixels(std::size_t n) const {
    return std::span(images).subspan(n * image_size(), image_size());
  }
  /// Image n as a picture. Throws ParameterError if there is none.
  Image image(std::size_t n) const;
};

/// Where data sets are looked for, best first: `argument` alone if given, else $OBSCURA_DATA alone if set, else
/// the cache (default_data_dir()), then ../shared/data beside the source tree that the program was built in.
std::vector<std::filesystem::path> data_dirs(const std::filesystem::path& argument = {});

/// $XDG_CACHE_HOME/obscura/data or ~/.cache/obscura/data: where `obscura data fetch` puts files.
std::filesystem::path default_data_dir();

/// The first of data_dirs(argument) that holds a folder named `set` (any set if empty); the first of them all if
/// none does. Does not throw for a missing folder: loading from it will say what is missing.
std::filesystem::path find_data_dir(const std::filesystem::path& argument = {}, const std::string& set = {});

/// The names load_dataset knows: mnist, fashion-mnist, kmnist, kmnist-split, cifar-10, neu-cls (and neu-cls-2 to -5),
/// samples.
std::vector<std::string> dataset_names();

/// Loads a data set by name, or a folder of images by its path.
///
/// mnist, fashion-mnist, kmnist: <data>/<name>/{train,t10k}-{images-idx3,labels-idx1}-ubyte, gzipped or not; 1x28x28.
/// kmnist-split: kmnist's 10,000 test images alone, shuffled once and for all: 8,000 train, 2,000 test. For where its
///   training images are not at hand; what is measured on it is not comparable with figures of the whole set.
/// cifar-10 (or cifar10): data_batch_1..5.bin and test_batch.bin (also inside cifar-10-batches-bin/), or lossless
/// sheets
///   {train,test}_sheet_NN.webp of 40 x 25 tiles beside {train,test}_labels.u8; 3x32x32.
/// neu-cls: <data>/neu-cls[/images]/<class>_<1..300>.{jpg,bmp,png}; 1x200x200. There is no official division: of each
///   class 216 pictures are drawn once and for all to train, 24 for validation and 60 to test, and copies of a picture
///   are never in two of these. neu-cls-2 to neu-cls-5 are four more such divisions of the same pictures.
/// samples: digits drawn by this program (image/digits.h), or read from $OBSCURA_SAMPLES; needs no files.
///   1,000 test and 10,000 training images unless `limit` says otherwise; 1x28x28.
/// a folder: subfolder = class; with train/, val/ and test/ inside it (labelled_files has the spellings) these are the
///   splits and a class of one is a class of all, else every fifth image of a class is a test image. Where there is
///   val/ but no test/, validation images are the test images; has_split tells. All are made to fit the first; grey if
///   all are grey.
///
/// `limit` > 0 takes the first that many. NEU and folders are ordered class by turn, so a limit stays balanced.
/// Throws UsageError for an unknown name or a split that a set never has, IoError for a missing file (saying how to get
/// it), FormatError naming a file that is damaged. Allocates no more than the bytes that were really there.
Dataset load_dataset(const std::string& name, Split split, const std::filesystem::path& data_dir = {},
                     std::size_t limit = 0);

/// True if the data set has images of its own for the split. Named sets have train and test, NEU-CLS validation too,
/// and a folder has what it is divided into (train and test if it is not). For others a caller takes a share of train.
/// Does not look at files of named sets; throws as load_dataset for a name that is none.
bool has_split(const std::string& name, Split split);

/// For those who train: throws MismatchError that names the classes of a folder that have no training images, which a
/// test may have. Named sets have all of theirs.
void require_classes_to_train(const std::string& name);

/// How many images each class has.
std::vector<std::size_t> class_histogram(const Dataset& set);

/// A picture of the set: a row a class, its name at the left, its first `per_class` images beside it.
/// Throws ParameterError for an empty set.
Image contact_sheet(const Dataset& set, std::size_t per_class = 12);

/// The first picture of each of up to six classes: a row as they are, and a row for each of the eight transforms of
/// transforms.h with its name. The same set gives the same picture. Throws ParameterError for an empty set or pictures
/// of one row or column.
Image transform_sheet(const Dataset& set);

}  // namespace obscura::image
