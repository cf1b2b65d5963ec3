#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "weights/pickle.h"

namespace obscura::weights {

/// The state of Python's stack machine: values, the stack, marks in it (kept apart, as CPython does), and the memo.
/// Every wrong step throws FormatError, and what few bytes can make of memory is limited. Only for weights_pickle.cpp.
class PickleStack {
 public:
  using Kind = PickleValue::Kind;

  explicit PickleStack(std::string what) : what_(std::move(what)) {}

  void push(PickleValue value) {
    if (pickle_.values.size() >= kMostValues) fail("has a pickle of more than a million values");
    stack_.push_back(static_cast<std::uint32_t>(pickle_.values.size()));
    pickle_.values.push_back(std::move(value));
  }
  void push_integer(Kind kind, std::int64_t v) { push({kind, v, {}, {}}); }
  void push_text(std::span<const std::uint8_t> v) { push({Kind::text, 0, {v.begin(), v.end()}, {}}); }
  /// The same list may be taken again and again by few bytes: what that copies is limited.
  void charge(std::size_t items) {
    copied_ += items;
    if (copied_ > kMostItems) fail("has a pickle of more than 16 million values");
  }
  void push_items(Kind kind, std::vector<std::uint32_t> items) {
    charge(items.size());
    if (kind == Kind::dict && items.size() % 2 != 0) damaged();
    push({kind, 0, {}, std::move(items)});
  }
  /// Goes on the stack once more.
  void push_again(std::uint32_t index) { stack_.push_back(index); }
  std::size_t memo_size() const { return memo_.size(); }
  void memorise(std::uint32_t key) {
    if (memo_.size() >= 2 * kMostValues) fail("has a pickle of more than a million values");
    memo_[key] = top();
  }
  void push_memo(std::uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) damaged();
    stack_.push_back(found->second);
  }

  std::uint32_t top() const {
    if (stack_.size() <= floor()) damaged();
    return stack_.back();
  }
  std::uint32_t pop() {
    const std::uint32_t v = top();
    stack_.pop_back();
    return v;
  }
  std::vector<std::uint32_t> pop_many(std::size_t n) {
    if (stack_.size() - floor() < n) damaged();
    const auto first = stack_.end() - static_cast<std::ptrdiff_t>(n);
    std::vector<std::uint32_t> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    return items;
  }
  std::vector<std::uint32_t> pop_mark() {
    if (marks_.empty()) damaged();
    auto items = pop_many(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }

  PickleValue& value(std::uint32_t index) { return pickle_.values[index]; }

  void extend(Kind kind, const std::vector<std::uint32_t>& items) {
    PickleValue& target = value(top());
    if (target.kind != kind || (kind == Kind::dict && items.size() % 2 != 0)) damaged();
    charge(items.size());
    target.items.insert(target.items.end(), items.begin(), items.end());
  }
  void mark() { marks_.push_back(stack_.size()); }

  [[noreturn]] void fail(const std::string& problem) const { throw FormatError(fmt::format("{} {}", what_, problem)); }
  [[noreturn]] void damaged() const { fail("is damaged: its pickle is wrong"); }
  Pickle& pickle() { return pickle_; }

 private:
  static constexpr std::size_t kMostValues = std::size_t{1} << 20;
  static constexpr std::size_t kMostItems = std::size_t{1} << 24;

  /// Values below the last mark belong to what was begun before it.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  std::string what_;
  Pickle pickle_;
  std::size_t copied_ = 0;
  std::vector<std::uint32_t> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, std::uint32_t> memo_;
};

}  // namespace obscura::weights
