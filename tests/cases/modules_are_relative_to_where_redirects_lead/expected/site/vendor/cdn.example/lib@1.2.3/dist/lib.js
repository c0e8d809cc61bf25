import "./part.js";
import "../../../other.example/tool@2.0.0/tool.js";
