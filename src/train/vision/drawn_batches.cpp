#include "train/vision/drawn_batches.h"

#include <algorithm>

namespace obscura::train {

DrawnBatches::DrawnBatches(const Pictures& pictures, DrawPlan plan, bool ahead)
    : pictures_(pictures), plan_(std::move(plan)), ahead_(ahead) {
  // The mean of one image has no variance, so a batch norm cannot learn from a single one.
  if (plan_.order.size() > 1 && plan_.order.size() % plan_.batch == 1) plan_.order.pop_back();
}

DrawnBatches::Batch DrawnBatches::draw(std::size_t first) const {
  Batch out;
  out.first = first;
  out.index = std::span(plan_.order).subspan(first, std::min(plan_.batch, plan_.order.size() - first));
  out.values.resize(out.index.size() * pictures_.shape().size());
  pictures_.draw(out.index, {plan_.augmentation, plan_.stream, first}, out.values);
  return out;
}

std::optional<DrawnBatches::Batch> DrawnBatches::next() {
  if (next_ >= plan_.order.size()) return std::nullopt;
  Batch out = drawn_.valid() ? drawn_.get() : draw(next_);
  next_ += plan_.batch;
  if (ahead_ && next_ < plan_.order.size()) {
    drawn_ = std::async(std::launch::async, [this, first = next_] { return draw(first); });
  }
  return out;
}

}  // namespace obscura::train
