// What follows from the paper's own numbers, and what its words leave open.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/rcnn/paper.h"
#include "report/text.h"

namespace obscura::report::rcnn_paper {
namespace {

/// Of figures that are printed with two digits.
constexpr double kRounding = 0.005;

double harmonic_mean(double a, double b) {
  return a + b > 0 ? 2 * a * b / (a + b) : 0;
}

/// Whether an F1 with two digits can be that of a precision and recall with two digits.
bool possible(const ClassFigures& one) {
  const double low = harmonic_mean(one.precision - kRounding, one.recall - kRounding);
  const double high = harmonic_mean(one.precision + kRounding, one.recall + kRounding);
  return one.f1 + kRounding >= low && one.f1 - kRounding <= high;
}

std::string trace_text() {
  std::size_t trace = 0, all = 0;
  for (std::size_t i = 0; i < kClasses; ++i) {
    for (std::size_t j = 0; j < kClasses; ++j) all += confusion()[i][j];
    trace += confusion()[i][i];
  }
  double recall = 0;
  for (const auto& one : class_figures()) recall += one.recall / kClasses;
  return fmt::format(
      "Table 8 has {} of {} test pictures on its diagonal, {}. Table 9 has 1,000 pictures of every class, so that "
      "accuracy is the mean of its recalls: {}. The same test cannot have given both.",
      count_text(static_cast<double>(trace)), count_text(static_cast<double>(all)),
      percent_text(static_cast<double>(trace) / static_cast<double>(all)), percent_text(recall));
}

std::string classes_text() {
  const auto from = figures_of_confusion();
  std::size_t precision = 0, recall = 0, worst = 0;
  const auto gap = [&](std::size_t c) { return std::abs(class_figures()[c].recall - from[c].recall); };
  for (std::size_t c = 0; c < kClasses; ++c) {
    precision += std::abs(class_figures()[c].precision - from[c].precision) > kRounding ? 1 : 0;
    recall += gap(c) > kRounding ? 1 : 0;
    if (gap(c) > gap(worst)) worst = c;
  }
  return fmt::format(
      "By more than rounding, Table 9 is off what Table 8 gives in the precision of {} and the recall of {} of the ten "
      "classes; most for class {} ({}): recall {:.3f} in Table 8, {:.2f} in Table 9.",
      precision, recall, worst, classes()[worst], from[worst].recall, class_figures()[worst].recall);
}

std::string f1_text() {
  std::size_t impossible = 0, worst = 0;
  const auto gap = [](std::size_t c) {
    const auto& one = class_figures()[c];
    return std::abs(one.f1 - harmonic_mean(one.precision, one.recall));
  };
  for (std::size_t c = 0; c < kClasses; ++c) {
    impossible += possible(class_figures()[c]) ? 0 : 1;
    if (gap(c) > gap(worst)) worst = c;
  }
  const auto& one = class_figures()[worst];
  return fmt::format(
      "F1 is the harmonic mean of precision and recall. Of the ten F1 scores of Table 9 {} cannot be that of their own "
      "row, whatever was rounded; most for class {} ({}): {:.2f} and {:.2f} make {:.3f}, printed is {:.2f}.",
      impossible, worst, classes()[worst], one.precision, one.recall, harmonic_mean(one.precision, one.recall), one.f1);
}

std::string augmentation_text() {
  std::size_t sum = 0;
  for (const auto& one : augmentation()) sum += one.pictures;
  return fmt::format(
      "Table 5 adds up to {}, and {} stands below it: Gaussian noise has 5,000 pictures where the total needs 50,000. "
      "The text announces ten augmentations, names four, and says later that four more were used: eight, as in Table "
      "5.",
      count_text(static_cast<double>(sum)), count_text(kAugmentedTotal));
}

std::string split_text() {
  return fmt::format(
      "50,000 and 10,000 pictures are called 80 % and 20 % of the data set; of 60,000 they are {} and {}. Validation "
      "pictures have an accuracy and a loss in Table 6, and no part of the data is said to be theirs.",
      percent_text(5.0 / 6), percent_text(1.0 / 6));
}

std::string time_text() {
  const double epochs = kEpochSeconds * static_cast<double>(kEpochs);
  return fmt::format(
      "{} epochs of {} (Table 6) are {}; Table 11 has {}. Testing takes {} in Table 7 and {} in Table 11.", kEpochs,
      seconds_text(kEpochSeconds), seconds_text(epochs), seconds_text(kTrainingSeconds), seconds_text(kTestSeconds),
      seconds_text(kTestingSeconds));
}

std::string search_text() {
  const double all = kEncryptSeconds + kDecryptSeconds + 5 * (kEncryptSeconds + kDecryptSeconds);
  return fmt::format(
      "A search is one encryption and decryption of a picture, and of the five that are found: by Table 11's {} and {} "
      "a picture {} in all, beside which the {} of \"retrieve each image\" do not count.",
      seconds_text(kEncryptSeconds), seconds_text(kDecryptSeconds), seconds_text(all), seconds_text(kRetrieveSeconds));
}

}  // namespace

std::array<ClassFigures, kClasses> figures_of_confusion() {
  std::array<ClassFigures, kClasses> all;
  for (std::size_t c = 0; c < kClasses; ++c) {
    double actual = 0, predicted = 0;
    for (std::size_t k = 0; k < kClasses; ++k) {
      actual += static_cast<double>(confusion()[c][k]);
      predicted += static_cast<double>(confusion()[k][c]);
    }
    const auto right = static_cast<double>(confusion()[c][c]);
    all[c] = {right / predicted, right / actual, harmonic_mean(right / predicted, right / actual)};
  }
  return all;
}

std::vector<std::string> contradictions() {
  return {
      trace_text(),
      classes_text(),
      f1_text(),
      fmt::format("The classification accuracy of abstract and conclusion, {}, is the training accuracy of Table 6; "
                  "that of the test pictures is {} in Tables 7 and 12, above both training and validation ({}).",
                  percent_text(kTrainingAccuracy), percent_text(kTestAccuracy), percent_text(kValidationAccuracy)),
      fmt::format("Retrieval is {} \"for retriever images\" in abstract and conclusion, of a measure that is not "
                  "named, and {:.3f} mAP in Table 13; over which ranking, and with which queries, is not said.",
                  percent_text(kRetrieverImages), kMap),
      augmentation_text(),
      "Whether pictures were augmented before validation and test pictures were set apart is not said. If before, "
      "nearly the same picture stands on both sides, which would explain accuracies that six convolutions do not "
      "reach.",
      split_text(),
      "Batches are of 100 pictures in Table 2 and of 64 in Table 6. The learning rate is 0.01 in Table 2, begins at "
      "0.01 in the text of the training results and at 0.001 in Table 6 and the sentence above it.",
      fmt::format("The flattened layer has {} features in the methods, which are 4 x 4 x 128 = {}, and 2,028 in the "
                  "conclusion.",
                  count_text(2048), count_text(4.0 * 4 * 128)),
      "Kernels are 3x3 in Table 2; the text has filters of 2, 3, 4, 5 and 6 for the second to the sixth convolution. "
      "The third pool follows \"convolutional layer8\" of six.",
      "The Hamming distance counts unequal positions. Features are numbers behind ReLU, of which two are equal where "
      "both are zero and hardly anywhere else; no step that makes bits of them is described. Both readings are "
      "measured above.",
      time_text(),
      search_text(),
      "The polynomial degree is \"8 bits\" in Table 3 and 8 in the text. Read as N = 8 or as N = 2^8, it is below any "
      "ring that a security table has (N = 1,024 is the smallest), with moduli that need rings of 32,768 (600 bits) "
      "and 65,536 (1,200 bits) for 128-bit security: see the parameters above.",
      "The scaling factor is 100 bits in Table 3; the text chooses 2^15 or 2^17 (printed \"215\" and \"217\").",
      "The server makes the keys that pictures are encrypted with, and decrypts them: encryption protects the way to "
      "the server. That the client's privacy is preserved does not follow from it.",
      "Tables 12 and 13 cite Kuo (as \"Kua\"), Hsin and Umer by the numbers 21 to 23; in the list of references they "
      "are "
      "22 to 24.",
  };
}

}  // namespace obscura::report::rcnn_paper
