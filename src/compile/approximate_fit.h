#pragma once

// Internal to src/compile.
#include <string>
#include <utility>
#include <vector>

#include "compile/approximate.h"
#include "compile/composite.h"

namespace obscura::compile {

/// Throws ParameterError for impossible ones.
void check_options(const FitOptions& options);

/// The range times a margin about its middle; never empty.
Range widened(const Range& range, double margin);

/// Degree and polynomial for one activation whose inputs were in `seen`: x what it gets, y what it should make of that.
/// The report lacks its `input`.
std::pair<FittedLayer, Approximation> fit_layer(const nn::Node& node, const nn::Activation& activation,
                                                const Range& seen, const std::vector<Target>& targets,
                                                const FitOptions& options);

/// The layer's polynomial again for every channel: targets and ranges by channel. Sets the layer's channels and errors.
std::vector<Approximation> fit_channels(const nn::Activation& activation, const std::vector<Range>& seen,
                                        const std::vector<std::vector<Target>>& targets, const FitOptions& options,
                                        FittedLayer& layer);

/// Appends polynomials, one for all channels or one a channel, as layers of the graph that read `input`; returns the
/// last one's node.
std::size_t append_fit(nn::Graph& graph, const std::string& name, const std::vector<Approximation>& fits,
                       std::size_t input);

/// True where the options replace this activation by a composite.
bool is_composite(const nn::Activation& activation, const FitOptions& options);

/// The same for an activation that becomes a composite: ranges of all channels together, or of each (`seen`). They are
/// symmetric about zero, where its kink must stay.
FittedLayer composite_layer(const nn::Node& node, const nn::Activation& activation, const std::vector<Range>& seen,
                            const std::vector<std::vector<Target>>& targets, const CompositeSign& sign,
                            const FitOptions& options);

/// Appends the layers of a composite that composite_layer made: range, polynomials, product, range back; returns the
/// last one's node.
std::size_t append_composite(nn::Graph& graph, const nn::Activation& activation, const FittedLayer& layer,
                             const CompositeSign& sign, std::size_t input);

}  // namespace obscura::compile
