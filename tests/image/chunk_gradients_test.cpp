// The gradients and histograms of chunks, which an owner computes without OpenCV, against OpenCV.
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>
#include <random>

#include "tensor/chunking.h"

namespace obscura {
namespace {

std::vector<std::uint8_t> random_pixels(std::mt19937_64& random, std::size_t count, int levels) {
  std::vector<std::uint8_t> pixels(count);
  for (auto& v : pixels)
    v = static_cast<std::uint8_t>(static_cast<int>(random() % static_cast<unsigned>(levels)) * 255 / levels);
  return pixels;
}

TEST(Sobel, IsOpenCvs) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 60; ++round) {
    const int height = 2 + static_cast<int>(random() % 40), width = 2 + static_cast<int>(random() % 40);
    const auto pixels = random_pixels(random, static_cast<std::size_t>(height * width), 1 + round * 4);
    const cv::Mat picture(height, width, CV_8U, const_cast<std::uint8_t*>(pixels.data()));
    cv::Mat gx, gy, magnitude;
    cv::Sobel(picture, gx, CV_64F, 1, 0, 3);
    cv::Sobel(picture, gy, CV_64F, 0, 1, 3);
    cv::magnitude(gx, gy, magnitude);
    const auto ours = sobel_magnitude(std::vector<double>(pixels.begin(), pixels.end()),
                                      static_cast<std::size_t>(height), static_cast<std::size_t>(width));
    for (std::size_t i = 0; i < ours.size(); ++i) {
      ASSERT_NEAR(ours[i], magnitude.ptr<double>()[i], 1e-9) << height << "x" << width << " at " << i;
    }
  }
}

TEST(Equalised, IsOpenCvs) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 100; ++round) {
    const auto pixels = random_pixels(random, 1 + random() % 3000, 1 + round * 2);
    const cv::Mat picture(1, static_cast<int>(pixels.size()), CV_8U, const_cast<std::uint8_t*>(pixels.data()));
    cv::Mat theirs;
    cv::equalizeHist(picture, theirs);
    EXPECT_EQ(equalised(pixels), std::vector<std::uint8_t>(theirs.datastart, theirs.dataend)) << round;
  }
}

}  // namespace
}  // namespace obscura
