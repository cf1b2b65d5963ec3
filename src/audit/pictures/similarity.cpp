#include "audit/pictures/similarity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace obscura::audit {
namespace {

cv::Mat real(const image::Image& image) {
  // OpenCV has no view of const samples; this one is only read.
  const cv::Mat bytes(static_cast<int>(image.height), static_cast<int>(image.width),
                      image.channels == 3 ? CV_8UC3 : CV_8UC1, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::Mat out;
  bytes.convertTo(out, CV_64F);
  return out;
}

cv::Mat blurred(const cv::Mat& m) {
  cv::Mat out;
  cv::GaussianBlur(m, out, {11, 11}, 1.5, 1.5, cv::BORDER_REFLECT_101);
  return out;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

}  // namespace

void require_alike(const image::Image& a, const image::Image& b) {
  if (a.channels == b.channels && a.height == b.height && a.width == b.width && !a.empty()) return;
  throw MismatchError(fmt::format("images of {}x{}x{} and {}x{}x{} cannot be compared", a.channels, a.height, a.width,
                                  b.channels, b.height, b.width));
}

double squared_error(const image::Image& a, const image::Image& b) {
  require_alike(a, b);
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const double d = static_cast<double>(a.pixels[i]) - b.pixels[i];
    sum += d * d;
  }
  return sum;
}

double decibels(double squared, double samples) {
  if (squared == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * samples / squared);
}

double psnr(const image::Image& recovered, const image::Image& original) {
  return decibels(squared_error(recovered, original), static_cast<double>(original.pixels.size()));
}

double ssim(const image::Image& recovered, const image::Image& original) {
  require_alike(recovered, original);
  const double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
  const cv::Mat a = real(recovered), b = real(original);
  const cv::Mat mean_a = blurred(a), mean_b = blurred(b);
  const cv::Mat squares = mean_a.mul(mean_a) + mean_b.mul(mean_b), product = mean_a.mul(mean_b);
  const cv::Mat variances = blurred(a.mul(a) + b.mul(b)) - squares, covariance = blurred(a.mul(b)) - product;
  const cv::Scalar both = cv::Scalar::all(c1), rest = cv::Scalar::all(c2);
  cv::Mat above = (2 * product + both).mul(2 * covariance + rest), below = (squares + both).mul(variances + rest);
  cv::divide(above, below, above);
  const cv::Scalar mean = cv::mean(above);
  double sum = 0;
  for (std::size_t c = 0; c < original.channels; ++c) sum += mean[static_cast<int>(c)];
  return sum / static_cast<double>(original.channels);
}

std::vector<float> direction(const image::Image& image) {
  double sum = 0, squares = 0;
  for (const std::uint8_t v : image.pixels) sum += v;
  const double mean = sum / static_cast<double>(image.pixels.size());
  for (const std::uint8_t v : image.pixels) squares += (v - mean) * (v - mean);
  const double scale = squares == 0 ? 0 : 1 / std::sqrt(squares);
  std::vector<float> out;
  for (const std::uint8_t v : image.pixels) out.push_back(static_cast<float>((v - mean) * scale));
  return out;
}

double correlation(const image::Image& recovered, const image::Image& original) {
  require_alike(recovered, original);
  return dot(direction(recovered), direction(original));
}

}  // namespace obscura::audit
