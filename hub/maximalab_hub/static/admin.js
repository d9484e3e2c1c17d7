// Gives JupyterHub's administration page what it expects to find, without a script inside the page.
"use strict";

(function handOver() {
  const given = document.getElementById("react-admin-hook").dataset;
  window.api_page_limit = Number.parseInt(given.limit, 10);
  window.base_url = given.base;
  window.jhdata = {
    base_url: given.base,
    prefix: given.prefix,
    user: given.user,
    admin_access: true,
    options_form: false,
    xsrf_token: given.xsrf,
  };
})();
