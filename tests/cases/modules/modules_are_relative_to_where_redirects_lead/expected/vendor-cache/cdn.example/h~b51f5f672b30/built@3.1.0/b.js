import "./c.js?target=es2022";
import "/built@3";
