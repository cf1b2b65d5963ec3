#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace obscura::program {

struct AffineEntry {
  std::uint32_t column = 0;
  double value = 0;
};

/// One row of an affine map, sorted by column, no column twice. Rows that are one another moved along, as most of a
/// convolution's are, may share their entries: copies do, and what is read from a file does. A regular type; a row is
/// changed by one thread at a time, whatever it shares.
class AffineRow {
 public:
  using Entries = std::vector<AffineEntry>;

  /// Entries come out as values: columns are counted from the row's own first on.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = AffineEntry;
    using difference_type = std::ptrdiff_t;
    using pointer = const AffineEntry*;
    using reference = AffineEntry;

    Iterator() = default;
    Iterator(const AffineEntry* at, std::uint32_t first) : at_(at), first_(first) {}
    AffineEntry operator*() const { return {at_->column + first_, at_->value}; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++at_;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const AffineEntry* at_ = nullptr;
    std::uint32_t first_ = 0;
  };

  AffineRow() = default;
  AffineRow(std::initializer_list<AffineEntry> entries) : shared_(std::make_shared<Entries>(entries)) {}
  /// `entries` moved along by `first` columns.
  static AffineRow moved(std::shared_ptr<Entries> entries, std::uint32_t first) {
    AffineRow row;
    row.shared_ = std::move(entries);
    row.first_ = first;
    return row;
  }

  std::size_t size() const { return shared_ ? shared_->size() : 0; }
  bool empty() const { return size() == 0; }
  AffineEntry operator[](std::size_t k) const { return *Iterator(shared_->data() + k, first_); }
  AffineEntry front() const { return (*this)[0]; }
  Iterator begin() const { return {shared_ ? shared_->data() : nullptr, first_}; }
  Iterator end() const { return {shared_ ? shared_->data() + shared_->size() : nullptr, first_}; }
  /// The same entries, shared, `by` columns further (or back, where it is negative).
  AffineRow moved_along(std::int64_t by) const {
    AffineRow row = *this;
    row.first_ = static_cast<std::uint32_t>(row.first_ + by);
    return row;
  }
  /// Whether the rows are known to be one another moved along, without a look at their entries.
  bool shares(const AffineRow& other) const { return shared_ == other.shared_; }
  /// The same for all rows that share their entries, while one of them is there.
  const void* identity() const { return shared_.get(); }
  /// By how many columns this row, which shares the other's entries, is that one moved along.
  std::int64_t distance_from(const AffineRow& other) const { return static_cast<std::int32_t>(first_ - other.first_); }

  void push_back(const AffineEntry& entry) { own().push_back(entry); }
  void set(std::size_t k, double value) { own()[k].value = value; }
  /// value = change(value) of every entry in order.
  template <typename Change>
  void change_values(Change&& change) {
    for (AffineEntry& entry : own()) entry.value = change(entry.value);
  }

 private:
  /// Entries that nobody shares, columns as they are.
  Entries& own() {
    if (!shared_) {
      shared_ = std::make_shared<Entries>();
      first_ = 0;
    } else if (shared_.use_count() > 1 || first_ != 0) {
      shared_ = std::make_shared<Entries>(begin(), end());
      first_ = 0;
    }
    return *shared_;
  }

  std::shared_ptr<Entries> shared_;
  std::uint32_t first_ = 0;
};

}  // namespace obscura::program
