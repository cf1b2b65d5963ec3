#pragma once

#include <string>
#include <vector>

#include "message/client_spec.h"
#include "owner/reading.h"

namespace obscura {
// obscura/owner.h
struct NetworkFacts;
struct Pixels;
struct Prediction;
}  // namespace obscura

/// What the public faces of an owner have in common: that of C++ (obscura/owner.h) and the browser's (web/client).
namespace obscura::owner {

NetworkFacts facts_of(const message::ClientSpec& client);

/// A picture as the network takes it. Throws MismatchError for another size or another number of channels or samples.
std::vector<float> values_of(const Pixels& picture, const message::ClientSpec& client);

/// What a reading that has not failed says. `labels`: of facts_of().
Prediction prediction_of(const message::ClientSpec& client, const std::vector<std::string>& labels, Reading reading);

/// One for each reading, in order. Throws MismatchError if one has failed.
std::vector<Prediction> predictions_of(const message::ClientSpec& client, std::vector<Reading> readings);

}  // namespace obscura::owner
