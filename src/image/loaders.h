#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "image/dataset.h"

/// For this folder only: one loader a file format. Each takes the set's own folder; `limit` as in load_dataset.
namespace obscura::image {

/// Files by class.
using ClassLists = std::vector<std::vector<std::filesystem::path>>;
/// Class by turn, so that the first so many are balanced; with the index of the class.
std::vector<std::pair<std::filesystem::path, std::size_t>> by_turn(const ClassLists& files, std::size_t limit);

Dataset load_idx_set(const std::string& name, Split split, const std::filesystem::path& folder, std::size_t limit);
/// A part of the test images of an IDX set: the first 80 % of a fixed shuffle to train, the rest to test.
Dataset load_divided_set(const std::string& name, const std::string& source, Split split,
                         const std::filesystem::path& folder, std::size_t limit);
Dataset load_cifar10(Split split, const std::filesystem::path& folder, std::size_t limit);
/// `number`: of the division, from 1.
Dataset load_neu(Split split, const std::filesystem::path& folder, std::size_t number, std::size_t limit);
Dataset load_folder(Split split, const std::filesystem::path& folder, std::size_t limit);
/// Drawn digits from files: <digit>-<anything>.png, made to fit 1 x 28 x 28, in the order of their names.
Dataset load_digit_files(const std::filesystem::path& folder, std::size_t limit);

/// The class names, in label order.
std::vector<std::string> mnist_classes(const std::string& name);
std::vector<std::string> cifar10_classes();
std::vector<std::string> neu_classes();

/// NEU's files, [class][0..299]; throws IoError for one that is missing. Names may be long ("crazing_1.jpg") or
/// short ("Cr_1.bmp"); the folder may be the one with images/ in it or images/ itself.
std::vector<std::vector<std::filesystem::path>> find_neu_images(const std::filesystem::path& folder);

/// One official CIFAR-10 binary batch, 10,000 records of a label and 3,072 bytes, from a sheet layout: batch 0 to 4 is
/// data_batch_1 to 5, batch 5 the test batch. Throws IoError, FormatError.
std::vector<std::uint8_t> cifar10_batch_from_sheets(const std::filesystem::path& folder, std::size_t batch);

/// The folder that holds test_batch.bin, or nothing if `folder` has sheets or neither.
std::filesystem::path cifar10_binary_folder(const std::filesystem::path& folder);

/// Throws IoError that says what is missing and how to get it.
[[noreturn]] void throw_missing(const std::string& set, const std::string& what, const std::filesystem::path& path);

}  // namespace obscura::image
