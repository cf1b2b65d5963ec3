#pragma once

#include <string>
#include <vector>

#include "report/rcnn/rcnn.h"

/// The parts that rcnn_document puts together.
namespace obscura::report {

/// Tables 2, 5, 6, 7 and 11: how the network was trained, and how good it is.
Table rcnn_training_table(const RcnnReport& report);
/// Table 9, what Table 8 gives, and ours, a row a class.
Table rcnn_class_table(const RcnnReport& report);
/// Table 8 and ours.
Matrices rcnn_matrices(const RcnnReport& report);
/// Accuracy by epochs; without series where there is no curve.
Plot rcnn_curves(const RcnnReport& report);

/// Mean average precision, and precision at 5 and 100, of every way to rank a gallery.
Table rcnn_map_table(const RcnnReport& report);
Table rcnn_precision_table(const RcnnReport& report);
Bars rcnn_map_bars(const RcnnReport& report);
/// Tables 12 and 13: other works as the paper prints them, and ours.
Table rcnn_works_table(const RcnnReport& report);
/// The forests, and how much of what they select is the same.
Table rcnn_forest_table(const RcnnReport& report);
Table rcnn_overlap_table(const RcnnReport& report);

/// Table 11: seconds of encryption, of decryption, of a search.
Table rcnn_time_table(const RcnnReport& report);
/// Table 3, and what security goes with it.
Table rcnn_ring_table(const RcnnReport& report);
/// The twelve steps of the protocol, and who can read the picture after each.
Table rcnn_step_table(const RcnnReport& report);
/// Bytes and seconds of each mode.
Table rcnn_mode_table(const RcnnReport& report);
/// What the server saw in each mode, a line each.
std::vector<std::string> rcnn_server_saw(const RcnnReport& report);

Table rcnn_network_table(const RcnnReport& report);
/// What was run, and how long it took.
Table rcnn_command_table(const RcnnReport& report);

/// The list of that name; an empty one where there is none.
const nlohmann::ordered_json& list_in(const nlohmann::ordered_json& json, const std::string& name);
/// "87.21 to 94.03", percentages of the two numbers of that name; nothing where there are none.
std::string percent_interval_text(const nlohmann::ordered_json& json, const std::string& name);
/// "0.412 to 0.437".
std::string share_interval_text(const nlohmann::ordered_json& json, const std::string& name);

}  // namespace obscura::report
