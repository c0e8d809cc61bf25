// The name is computed: nobody can follow it from here.
import("./" + document.documentElement.dataset.app + ".js");
