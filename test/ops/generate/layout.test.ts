import { layoutTable } from "../../support/layout.js";

layoutTable("generate", [{ name: "Dropout", nodes: "b = Dropout (a)" }]);
